#pragma once

#include <CLI/CLI.hpp>

/// Adds the subcommand; running it sets `exit_code`.
void add_train(CLI::App& app, int& exit_code);
