#pragma once

namespace precedent::ui {

/// The window program: reads the arguments, shows the window, returns the exit code (2 for a usage error).
[[nodiscard]] int runProgram(int argc, char** argv);

} // namespace precedent::ui
