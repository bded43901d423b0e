// SPDX-License-Identifier: Apache-2.0
// Catch2 2 or 3, for all tests. Of Catch2 3 only the headers that the tests use: all of them take
// two seconds for each file.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
