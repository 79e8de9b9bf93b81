# precedent_torch: LibTorch, as Debian packages it, or with -DPRECEDENT_TORCH_DIR=FOLDER as PyPI's wheel holds it (the folder
# "torch" of an installed wheel; CUDA comes with it). The wheel's own CMake package asks for a CUDA toolkit of its version and
# finds Debian's libtorch.so first, so its parts are named by hand. The sources use what all versions from 1.13 on have; what
# differs is here.
set(PRECEDENT_TORCH_DIR "" CACHE PATH "Folder of a LibTorch that is not the system's: include/ and lib/ are in it")

add_library(precedent_torch INTERFACE)
if(PRECEDENT_TORCH_DIR)
    set(torch_include ${PRECEDENT_TORCH_DIR}/include)
    if(NOT EXISTS ${torch_include}/ATen/ATen.h)
        message(FATAL_ERROR "PRECEDENT_TORCH_DIR=${PRECEDENT_TORCH_DIR} has no include/ATen/ATen.h: give the folder \"torch\" of an installed PyTorch wheel, or of a LibTorch archive.")
    endif()
    target_include_directories(precedent_torch SYSTEM INTERFACE ${torch_include} ${torch_include}/torch/csrc/api/include)
    set(torch_libraries)
    foreach(name torch torch_cuda torch_cpu c10)
        if(EXISTS ${PRECEDENT_TORCH_DIR}/lib/lib${name}.so)
            list(APPEND torch_libraries ${PRECEDENT_TORCH_DIR}/lib/lib${name}.so)
        endif()
    endforeach()
    # Nothing here names a symbol of torch_cuda, which registers its kernels as it is loaded.
    target_link_libraries(precedent_torch INTERFACE -Wl,--no-as-needed ${torch_libraries} -Wl,--as-needed)
    target_link_options(precedent_torch INTERFACE -Wl,-rpath,${PRECEDENT_TORCH_DIR}/lib)
else()
    find_package(Torch REQUIRED)
    target_include_directories(precedent_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
    target_link_libraries(precedent_torch INTERFACE ${TORCH_LIBRARIES})
endif()

# Several processes train together over LibTorch's Gloo, whose headers LibTorch includes but only Debian has (libgloo-dev). Without them
# the build goes on, and a run of more than one process is refused.
set(PRECEDENT_HAS_GLOO OFF)
if(NOT PRECEDENT_TORCH_DIR)
    find_path(PRECEDENT_GLOO_INCLUDE gloo/context.h)
    if(PRECEDENT_GLOO_INCLUDE)
        set(PRECEDENT_HAS_GLOO ON)
    endif()
endif()
if(NOT PRECEDENT_HAS_GLOO)
    message(STATUS "Without Gloo (libgloo-dev): runs of more than one process will be refused")
endif()
