#include "precedent/ui/program.h"

int main(int argc, char** argv) { return precedent::ui::runProgram(argc, argv); }
