#pragma once

#include <CLI/CLI.hpp>

/// The verbs of the program. Each adds its subcommand; running it sets `exit_code`.
void add_simulate(CLI::App& app, int& exit_code);
void add_generate(CLI::App& app, int& exit_code);
void add_calibrate(CLI::App& app, int& exit_code);
void add_prepare(CLI::App& app, int& exit_code);
