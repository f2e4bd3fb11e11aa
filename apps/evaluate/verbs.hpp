#pragma once

namespace CLI {
class App;
}

/// The verb of the program. Adds its subcommand; running it sets `exit_code`.
void add_evaluate(CLI::App& app, int& exit_code);
