#pragma once

namespace precedent::cli {

/// Runs one command line. Returns the exit status: 0 done, 1 failed, 2 usage, 3 a stated threshold was missed, 130
/// interrupted with the state saved.
int run(int argc, char** argv);

} // namespace precedent::cli
