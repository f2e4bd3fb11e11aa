// Opens an event file in somebody else's program and says how many events it has.
#include <cstdio>

#include "corpuscle/io/source.hpp"

int main(int, char** argv) {
  std::printf("%zu events\n", corpuscle::io::open_source(argv[1])->info().entries);
}
