# Precompiled headers: what most files of a layer include, parsed once a build. They hold headers of others only, so a change of
# ours compiles anew what includes it and nothing else. A file still includes all that it uses; a build with
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON shows whether it does. docs/decisions/0016 says what they bring.

# Tried with GCC 12 alone: others warn of other things in what they inline.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

set(PRECEDENT_PLAIN_HEADERS <algorithm> <array> <charconv> <chrono> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <mutex>
    <optional> <set> <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector> <nlohmann/json.hpp>)

# precedent_precompile(TARGET HEADER ...): the plain headers and these, for this target and those that are told to reuse its own.
function(precedent_precompile target)
    target_precompile_headers(${target} PRIVATE ${PRECEDENT_PLAIN_HEADERS} ${ARGN})
endfunction()

# precedent_headers(NAME HEADER ...): a target of nothing but precompiled headers, for others to reuse.
function(precedent_headers name)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "// Compiled for its precompiled header.\n")
    add_library(${name} OBJECT ${source})
    target_link_libraries(${name} PRIVATE precedent_warnings precedent_sanitizers)
    precedent_precompile(${name} ${ARGN})
endfunction()
