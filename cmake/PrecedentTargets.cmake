# One way to declare a library of ours, and the check that link directions are those of docs/architecture.md.

add_library(precedent_warnings INTERFACE)
target_compile_options(precedent_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(PRECEDENT_WERROR)
    target_compile_options(precedent_warnings INTERFACE -Werror)
endif()

# GCC 12 sees overlapping copies in std::string's operator+ that are not there (GCC bug 105651).
set(PRECEDENT_COMPILER_QUIRKS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    set(PRECEDENT_COMPILER_QUIRKS -Wno-restrict)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 13 and 14 take the members of a std::variant that is moved from for read while unset, and see copies past the end of
    # the std::vector<bool> in LibTorch's custom_function.h.
    set(PRECEDENT_COMPILER_QUIRKS -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow)
endif()

# In tests its checks for uninitialised values misfire on LibTorch's optional types once a sanitizer's code is woven in.
set(PRECEDENT_TEST_QUIRKS ${PRECEDENT_COMPILER_QUIRKS})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND PRECEDENT_SANITIZE)
    list(APPEND PRECEDENT_TEST_QUIRKS -Wno-maybe-uninitialized)
endif()

add_library(precedent_sanitizers INTERFACE)
if(PRECEDENT_SANITIZE)
    target_compile_options(precedent_sanitizers INTERFACE -fsanitize=${PRECEDENT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    target_link_options(precedent_sanitizers INTERFACE -fsanitize=${PRECEDENT_SANITIZE})
endif()

# precedent_library(NAME STATIC|SHARED SOURCES ... PUBLIC libs... PRIVATE libs...)
# Public headers are in include/ beside the target's CMakeLists.txt; private ones are included from the source root
# ("core/model/decoder.h").
function(precedent_library name type)
    cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(${name} ${type} ${arg_SOURCES})
    if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include)
        target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
    endif()
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:precedent_warnings> PUBLIC $<BUILD_INTERFACE:precedent_sanitizers>)
    target_compile_options(${name} PRIVATE ${PRECEDENT_COMPILER_QUIRKS})
    set_property(GLOBAL APPEND PROPERTY PRECEDENT_TARGETS ${name})
endfunction()

# What each target may link of ours. A target that is not listed here fails the configuration.
set(PRECEDENT_MAY_LINK_precedent_base "")
set(PRECEDENT_MAY_LINK_precedent_text precedent_base)
set(PRECEDENT_MAY_LINK_precedent_formats precedent_base)
set(PRECEDENT_MAY_LINK_precedent_architecture precedent_base precedent_text precedent_formats)
set(PRECEDENT_MAY_LINK_precedent_facade precedent_base)
set(PRECEDENT_MAY_LINK_precedent_remote precedent_base)
set(PRECEDENT_MAY_LINK_precedent_align precedent_base precedent_text precedent_architecture precedent_facade)
set(PRECEDENT_MAY_LINK_precedent_starter precedent_base precedent_text precedent_facade precedent_align)
set(PRECEDENT_MAY_LINK_precedent_core precedent_torch precedent_base precedent_text precedent_formats precedent_architecture precedent_facade precedent_align precedent_starter)
set(PRECEDENT_MAY_LINK_precedent_casebase precedent_base)
set(PRECEDENT_MAY_LINK_precedent_workspace precedent_base precedent_text precedent_remote precedent_formats precedent_architecture precedent_facade precedent_align precedent_starter precedent_casebase)
set(PRECEDENT_MAY_LINK_precedent_ui precedent_base precedent_text precedent_facade precedent_align precedent_starter precedent_casebase precedent_workspace)
set(PRECEDENT_MAY_LINK_precedent_cli_lib precedent_base precedent_text precedent_facade precedent_align precedent_starter precedent_casebase precedent_workspace)

function(precedent_check_layers)
    get_property(targets GLOBAL PROPERTY PRECEDENT_TARGETS)
    foreach(target IN LISTS targets)
        if(NOT DEFINED PRECEDENT_MAY_LINK_${target})
            message(FATAL_ERROR "Target ${target} has no layer: say what it may link in cmake/PrecedentTargets.cmake")
        endif()
        get_target_property(public_links ${target} INTERFACE_LINK_LIBRARIES)
        get_target_property(type ${target} TYPE)
        set(private_links "")
        if(NOT type STREQUAL "INTERFACE_LIBRARY")
            get_target_property(private_links ${target} LINK_LIBRARIES)
        endif()
        foreach(link IN LISTS public_links private_links)
            if(link MATCHES "^precedent_" AND NOT link IN_LIST PRECEDENT_MAY_LINK_${target})
                message(FATAL_ERROR "Layers: ${target} links ${link}; it may link: ${PRECEDENT_MAY_LINK_${target}}")
            endif()
            if(link MATCHES "^(torch|c10|ATen)" AND NOT target STREQUAL precedent_core)
                message(FATAL_ERROR "Layers: ${target} links ${link}; only precedent_core knows LibTorch")
            endif()
            if(link MATCHES "^Qt6?::" AND NOT target MATCHES "^precedent_ui")
                message(FATAL_ERROR "Layers: ${target} links ${link}; only ui knows Qt")
            endif()
        endforeach()
    endforeach()
endfunction()

# precedent_add_tests(FOLDER_LABEL LIBS ...): one Qt Test program for each tst_*.cpp of the current folder.
function(precedent_add_tests label)
    cmake_parse_arguments(arg "" "TIMEOUT" "LIBS" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tst_*.cpp)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} ${source})
        set_target_properties(${name} PROPERTIES AUTOMOC ON)
        target_compile_options(${name} PRIVATE ${PRECEDENT_TEST_QUIRKS})
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
        target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS
            PRECEDENT_TEST_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures"
            PRECEDENT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
            PRECEDENT_SHARED_DATA="${PROJECT_SOURCE_DIR}/../shared/data")
        target_link_libraries(${name} PRIVATE Qt6::Core Qt6::Test ${arg_LIBS} precedent_warnings precedent_sanitizers)
        add_test(NAME ${label}/${name} COMMAND ${name})
        set_tests_properties(${label}/${name} PROPERTIES LABELS "${label}" TIMEOUT ${arg_TIMEOUT}
            ENVIRONMENT "QT_QPA_PLATFORM=offscreen:configfile=${PROJECT_SOURCE_DIR}/tests/ui/screen.json;OMP_WAIT_POLICY=PASSIVE;TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp;PRECEDENT_RESOURCES=${PROJECT_SOURCE_DIR}/resources")
    endforeach()
endfunction()
