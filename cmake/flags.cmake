# Compiler and linker flags for everything in the tree, and the compiler cache.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "Debug or Release" FORCE)
endif()
# Debug keeps md_assume; Release is what is shipped and measured.
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG -D_FORTIFY_SOURCE=2")

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Werror -Wstrict-prototypes -Wvla -fstack-protector-strong -fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now)

if(MOMENTD_SANITIZE)
  add_compile_options(-fsanitize=${MOMENTD_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MOMENTD_SANITIZE})
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports formats and lengths as suspicious when it is the sanitizer that made them so.
    add_compile_options(-Wno-maybe-uninitialized -Wno-format-truncation -Wno-stringop-overflow)
  endif()
endif()
if(MOMENTD_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "MOMENTD_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The cache lives in the clone: nothing outside it is touched unless CCACHE_DIR asks for that.
find_program(MOMENTD_CCACHE ccache)
mark_as_advanced(MOMENTD_CCACHE)
if(MOMENTD_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  if(DEFINED ENV{CCACHE_DIR})
    set(CMAKE_C_COMPILER_LAUNCHER "${MOMENTD_CCACHE}")
  else()
    set(CMAKE_C_COMPILER_LAUNCHER env "CCACHE_DIR=${PROJECT_SOURCE_DIR}/build/.ccache" "${MOMENTD_CCACHE}")
  endif()
endif()
