#pragma once

#include <CLI/CLI.hpp>

/// The subcommands of `corpuscle tune`; running one sets `exit_code`.
void add_work(CLI::App& tune, int& exit_code);    ///< init, run, worker, submit
void add_show(CLI::App& tune, int& exit_code);    ///< status, best, explain, export, import
void add_replay(CLI::App& tune, int& exit_code);  ///< replay
