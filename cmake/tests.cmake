# Everything ctest runs. A test's name and label come from where its file lies:
#
#   tests/unit/ROOM/test_NAME.c   unit.ROOM.NAME   built with cmocka, label quick
#   tests/fuzz/fuzz_NAME.c        fuzz.NAME        tests/fuzz/regression/NAME/* and random inputs, label quick
#   tests/e2e/test_NAME[.py|.sh|.mjs], tests/fault/test_NAME[...]    e2e.NAME, fault.NAME
#   scripts/**/*_spec.lua         script.specs     `momentd test scripts`, label quick
#   tests/script/**/*_spec.lua    script.language  `momentd test tests/script`: the steps themselves, label quick
#   tests/lint/NAME               lint.NAME        in the dev preset only
#
# In its first 1,000 bytes a file may say more, on a line that begins with # or //:
#
#   ctest: label=quick,crash timeout=60 quick=no tsan=yes asan=no serial=yes processors=2 cost=50
#
# quick=no takes the label quick away (a unit test that takes over five seconds, say).
# The asan preset has all tests but those with asan=no, the tsan preset those with tsan=yes (the ones that drive the
# daemon: a command, and virtual time, have one thread) and unit tests of queues,
# each with the preset's name before its own and as a label. Timeouts are in seconds, and are tripled under a
# sanitizer. Exit code 77 means skipped. Each test's environment has MOMENTD (the binary), MOMENTD_SOURCE,
# MOMENTD_BUILD and, where the data is there, MOMENTD_SHARED_DATA. Files in tests/support/*.c are linked into every
# unit test and fuzz target. Programs that use packages from npm live in tests/clients.

find_program(MOMENTD_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(MOMENTD_PYTHON python3)
find_program(MOMENTD_NODE NAMES node nodejs)
find_program(MOMENTD_SETARCH setarch)
mark_as_advanced(MOMENTD_PYTHON MOMENTD_NODE MOMENTD_SETARCH)

if(TARGET momentd)
  set(test_environment "MOMENTD=$<TARGET_FILE:momentd>")
else()
  set(test_environment "MOMENTD=${PROJECT_BINARY_DIR}/momentd")
endif()
list(APPEND test_environment "MOMENTD_SOURCE=${PROJECT_SOURCE_DIR}" "MOMENTD_BUILD=${PROJECT_BINARY_DIR}"
     "PYTHONDONTWRITEBYTECODE=1")
if(IS_DIRECTORY "${MOMENTD_SHARED_DATA}")
  cmake_path(NORMAL_PATH MOMENTD_SHARED_DATA OUTPUT_VARIABLE shared_data)
  list(APPEND test_environment "MOMENTD_SHARED_DATA=${shared_data}")
endif()

set(test_prefix "")
set(test_launcher "")
if(MOMENTD_SANITIZE)
  if(MOMENTD_SANITIZE MATCHES "thread")
    set(test_prefix tsan)
  else()
    set(test_prefix asan)
  endif()
  set(sanitizers "${PROJECT_SOURCE_DIR}/tests/sanitizers")
  list(APPEND test_environment "MOMENTD_SANITIZE=${MOMENTD_SANITIZE}"
       "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
       "LSAN_OPTIONS=suppressions=${sanitizers}/lsan.supp:print_suppressions=0"
       "UBSAN_OPTIONS=print_stacktrace=1"
       "TSAN_OPTIONS=suppressions=${sanitizers}/tsan.supp:second_deadlock_stack=1")
  # The sanitizers of gcc 12 do not get along with as much address randomisation as newer kernels have.
  if(MOMENTD_SETARCH)
    execute_process(COMMAND "${MOMENTD_SETARCH}" -R true RESULT_VARIABLE no_setarch OUTPUT_QUIET ERROR_QUIET)
    if(NOT no_setarch)
      set(test_launcher "${MOMENTD_SETARCH}" -R)
    endif()
  endif()
endif()

# Reads the marker in `file` into test_* variables of the caller; `labels` and `timeout` are what it has without one.
# test_wanted says whether this preset has the test.
function(momentd_test_settings file labels timeout)
  set(quick "")
  set(tsan no)
  set(asan yes)
  set(serial no)
  set(processors 1)
  set(cost "")
  if("${labels}" MATCHES "unit" AND "${file}" MATCHES "queue")
    set(tsan yes)
  endif()
  file(STRINGS "${file}" head LIMIT_INPUT 1000 REGEX "^(#|//) ctest: ")
  foreach(line IN LISTS head)
    string(REGEX MATCHALL "[a-z]+=[^ ]+" settings "${line}")
    foreach(setting IN LISTS settings)
      string(REGEX MATCH "^([a-z]+)=(.*)$" _ "${setting}")
      set(key "${CMAKE_MATCH_1}")
      set(value "${CMAKE_MATCH_2}")
      if(key STREQUAL "label")
        string(REPLACE "," ";" value "${value}")
        list(APPEND labels ${value})
      elseif(key MATCHES "^(timeout|quick|tsan|asan|serial|processors|cost)$")
        set(${key} "${value}")
      else()
        message(FATAL_ERROR "${file}: unknown ctest setting ${setting}; see cmake/tests.cmake")
      endif()
    endforeach()
  endforeach()
  set(wanted YES)
  if((test_prefix STREQUAL "tsan" AND NOT tsan STREQUAL "yes") OR (test_prefix STREQUAL "asan" AND asan STREQUAL "no"))
    set(wanted NO)
  endif()
  if(test_prefix)
    list(APPEND labels ${test_prefix})
    math(EXPR timeout "3 * ${timeout}")
  endif()
  list(REMOVE_DUPLICATES labels)
  if(quick STREQUAL "no")
    list(REMOVE_ITEM labels quick)
  endif()
  set(test_wanted ${wanted} PARENT_SCOPE)
  foreach(name IN ITEMS labels timeout serial processors cost)
    set(test_${name} "${${name}}" PARENT_SCOPE)
  endforeach()
endfunction()

# momentd_add_test(NAME command…): registers it with what momentd_test_settings has read.
function(momentd_add_test name)
  if(test_prefix)
    set(name "${test_prefix}.${name}")
  endif()
  add_test(NAME "${name}" COMMAND ${test_launcher} ${ARGN} WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
  set_tests_properties("${name}" PROPERTIES LABELS "${test_labels}" TIMEOUT "${test_timeout}" SKIP_RETURN_CODE 77
                       ENVIRONMENT "${test_environment}" PROCESSORS "${test_processors}")
  if(test_cost)
    set_tests_properties("${name}" PROPERTIES COST "${test_cost}")
  endif()
  if(test_serial STREQUAL "yes")
    set_tests_properties("${name}" PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# --- C: unit tests and fuzz targets -----------------------------------------------------------------------------------

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

add_library(md_testing INTERFACE)
target_include_directories(md_testing INTERFACE "${PROJECT_SOURCE_DIR}/tests/support")
target_compile_definitions(md_testing INTERFACE MOMENTD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(md_testing INTERFACE md_cli PkgConfig::CMOCKA PkgConfig::SQLITE PkgConfig::LUA)
file(GLOB support CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/support/*.c")
if(support)
  add_library(md_test_support STATIC ${support})
  target_include_directories(md_test_support PUBLIC "${PROJECT_SOURCE_DIR}/core" "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(md_test_support PUBLIC md_testing)
endif()

function(momentd_test_program target file)
  add_executable(${target} ${file} ${ARGN})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/core" "${PROJECT_SOURCE_DIR}/include")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(TARGET md_test_support)
    target_link_libraries(${target} PRIVATE md_test_support)
  endif()
  target_link_libraries(${target} PRIVATE md_testing)
endfunction()

file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/*/test_*.c")
foreach(file IN LISTS files)
  string(REGEX MATCH "/unit/([^/]+)/test_([^/]+)\\.c$" _ "${file}")
  set(name "unit.${CMAKE_MATCH_1}.${CMAKE_MATCH_2}")
  momentd_test_settings("${file}" "unit;quick" 60)
  if(test_wanted)
    momentd_test_program(${name} ${file})
    momentd_add_test(${name} $<TARGET_FILE:${name}>)
  endif()
endforeach()

file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c")
foreach(file IN LISTS files)
  string(REGEX MATCH "/fuzz_([^/]+)\\.c$" _ "${file}")
  set(target "${CMAKE_MATCH_1}")
  set(name "fuzz.${target}")
  momentd_test_settings("${file}" "fuzz;quick" 60)
  if(test_wanted)
    momentd_test_program(${name} ${file} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c")
    momentd_add_test(${name} $<TARGET_FILE:${name}> "${PROJECT_SOURCE_DIR}/tests/fuzz/regression/${target}")
  endif()
  if(MOMENTD_FUZZ)
    momentd_test_program(fuzz-${target} ${file})
    target_link_options(fuzz-${target} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz-${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz"
                          OUTPUT_NAME ${target})
  endif()
endforeach()

# --- the binary, from outside -----------------------------------------------------------------------------------------

foreach(kind e2e fault)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${kind}/test_*")
  foreach(file IN LISTS files)
    if(NOT file MATCHES "/test_([A-Za-z0-9_]+)(\\.py|\\.sh|\\.mjs)?$")
      continue()
    endif()
    set(name "${kind}.${CMAKE_MATCH_1}")
    if(CMAKE_MATCH_2 STREQUAL ".py")
      set(command "${MOMENTD_PYTHON}" "${file}")
    elseif(CMAKE_MATCH_2 STREQUAL ".sh")
      set(command bash "${file}")
    elseif(CMAKE_MATCH_2 STREQUAL ".mjs")
      set(command "${MOMENTD_NODE}" "${file}")
    else()
      set(command "${file}")
    endif()
    momentd_test_settings("${file}" ${kind} 120)
    if(test_wanted)
      momentd_add_test(${name} ${command})
    endif()
  endforeach()
endforeach()

file(GLOB_RECURSE specs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/*_spec.lua")
if(specs AND TARGET momentd)
  momentd_test_settings("${CMAKE_CURRENT_LIST_FILE}" "script;quick" 120)
  if(test_wanted)
    momentd_add_test(script.specs $<TARGET_FILE:momentd> test "${PROJECT_SOURCE_DIR}/scripts")
    momentd_add_test(script.language $<TARGET_FILE:momentd> test "${PROJECT_SOURCE_DIR}/tests/script")
  endif()
endif()

# --- the sources, from outside ----------------------------------------------------------------------------------------

if(MOMENTD_LINT)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/lint/*")
  foreach(file IN LISTS files)
    cmake_path(GET file FILENAME name)
    momentd_test_settings("${file}" lint 120)
    momentd_add_test(lint.${name} "${file}")
  endforeach()
endif()
