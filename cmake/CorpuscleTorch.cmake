# Finds LibTorch: the target corpuscle_torch.
#
# An existing LibTorch comes first (Torch_DIR, CMAKE_PREFIX_PATH, of which `python3 -c "import torch;
# print(torch.utils.cmake_prefix_path)"` tells the value for a Python's); the wheel that tools/setup --train puts
# into .env is the fallback. Its own CMake files are not used: they demand the CUDA toolkit that it was built with,
# even where there is no GPU.
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/versions" torch_minimum REGEX "^TORCH_MINIMUM=")
string(REPLACE "TORCH_MINIMUM=" "" torch_minimum "${torch_minimum}")

set(torch_in_env "")
if(EXISTS "${PROJECT_SOURCE_DIR}/.env/.complete")  # written last: half an installation is none
  file(GLOB torch_in_env "${PROJECT_SOURCE_DIR}/.env/lib/python3*/site-packages/torch/share/cmake/Torch")
endif()
find_path(Torch_DIR TorchConfigVersion.cmake PATH_SUFFIXES share/cmake/Torch Torch PATHS ${torch_in_env})
set(PACKAGE_VERSION "")
if(Torch_DIR)
  set(PACKAGE_FIND_VERSION "${torch_minimum}")
  include("${Torch_DIR}/TorchConfigVersion.cmake")
endif()
if(NOT Torch_DIR OR PACKAGE_VERSION VERSION_LESS torch_minimum)
  if(CORPUSCLE_WITH_TORCH STREQUAL "AUTO")
    message(STATUS "LibTorch: not found, so no training (tools/setup --train brings it)")
    set(CORPUSCLE_WITH_TORCH OFF)
    return()
  endif()
  message(FATAL_ERROR "LibTorch ${torch_minimum} or newer was not found (${Torch_DIR} ${PACKAGE_VERSION}). Run "
                      "tools/setup --train, which installs it into .env, or name yours in CMAKE_PREFIX_PATH, or do "
                      "without: -DCORPUSCLE_WITH_TORCH=OFF.")
endif()
get_filename_component(torch_prefix "${Torch_DIR}/../../.." ABSOLUTE)
set(torch_libraries "${torch_prefix}/lib/libtorch_cpu.so" "${torch_prefix}/lib/libc10.so")

# With the toolkit the libraries that it brings are there too, and the GPU can be used.
find_package(CUDAToolkit QUIET)
set(torch_with_cuda "no CUDA toolkit: no GPU")
if(CUDAToolkit_FOUND AND EXISTS "${torch_prefix}/lib/libtorch_cuda.so")
  list(APPEND torch_libraries "${torch_prefix}/lib/libtorch_cuda.so" "${torch_prefix}/lib/libc10_cuda.so")
  set(torch_with_cuda "CUDA ${CUDAToolkit_VERSION}")
endif()
set(CORPUSCLE_WITH_TORCH ON)
message(STATUS "LibTorch ${PACKAGE_VERSION} (${torch_with_cuda}): ${torch_prefix}")

# A target that includes <torch/torch.h> often should have it precompiled: it takes 17 s each time.
#   target_precompile_headers(TARGET PRIVATE <torch/torch.h>)
add_library(corpuscle_torch INTERFACE)
target_include_directories(corpuscle_torch SYSTEM INTERFACE "${torch_prefix}/include"
                                                            "${torch_prefix}/include/torch/csrc/api/include")
# The libraries for the GPU register themselves when they are loaded; no symbol of theirs is asked for.
target_link_libraries(corpuscle_torch INTERFACE -Wl,--no-as-needed ${torch_libraries} -Wl,--as-needed)
# What they need in turn lies beside them, or is for a GPU, and is found at run time only.
target_link_options(corpuscle_torch INTERFACE -Wl,--allow-shlib-undefined)
