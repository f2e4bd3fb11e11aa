#pragma once

#include <CLI/CLI.hpp>

/// The verbs of the program. Each adds its subcommand; running it sets `exit_code`.
void add_inspect(CLI::App& app, int& exit_code);
void add_reconstruct(CLI::App& app, int& exit_code);
void add_model(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_truth(CLI::App& app, int& exit_code);

/// `simulate`, `generate` and `calibrate`: running them starts corpuscle-simulate with the same arguments.
void add_simulate(CLI::App& app, char** argv);

/// `evaluate`: running it starts corpuscle-evaluate.
void add_evaluate(CLI::App& app, char** argv);

/// `train`: running it starts corpuscle-train.
void add_train(CLI::App& app, char** argv);
void add_tune(CLI::App& app, char** argv);
