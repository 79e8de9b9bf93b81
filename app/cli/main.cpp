#include "precedent/cli/cli.h"

int main(int argc, char** argv) { return precedent::cli::run(argc, argv); }
