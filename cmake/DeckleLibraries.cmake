# The libraries that deckle is built with. Required ones are searched first. All that are missing are named in one
# message, with the Debian packages that have them. Libraries that only one part needs may be left out:
# -DDECKLE_WITH_NAME=AUTO (the default: used if it is found), ON (must be there) or OFF.
#
# Gives DECKLE_HAS_NAME of the optional ones, DECKLE_DEV_PACKAGES, the packages that a program needs to link deckle, and
# DECKLE_LEFT_OUT, sentences about what this deckle cannot do.

set(DECKLE_MISSING "")       # "what (package)"
set(DECKLE_MISSING_PACKAGES "")
set(DECKLE_DEV_PACKAGES "")
set(DECKLE_LEFT_OUT "")

# deckle_needs(FOUND WHAT PACKAGE): the last find_package or pkg_check_modules set FOUND.
macro(deckle_needs found what package)
  if(${found})
    list(APPEND DECKLE_DEV_PACKAGES ${package})
  else()
    list(APPEND DECKLE_MISSING "${what} (${package})")
    list(APPEND DECKLE_MISSING_PACKAGES ${package})
  endif()
endmacro()

# deckle_optional(NAME WHAT PACKAGES LOST): begins the search for an optional library. DECKLE_SEARCH says whether to
# search at all; deckle_found(NAME FOUND) ends it.
macro(deckle_optional name what packages lost)
  set(DECKLE_WITH_${name} AUTO CACHE STRING "${what}: AUTO (where it is found), ON (must be there) or OFF")
  set_property(CACHE DECKLE_WITH_${name} PROPERTY STRINGS AUTO ON OFF)
  string(TOUPPER "${DECKLE_WITH_${name}}" deckle_with)
  if(deckle_with STREQUAL "AUTO")
    set(DECKLE_SEARCH ON)
    set(deckle_must OFF)
  elseif(deckle_with MATCHES "^(ON|OFF|TRUE|FALSE|YES|NO|1|0)$")
    set(DECKLE_SEARCH ${DECKLE_WITH_${name}})
    set(deckle_must ${DECKLE_WITH_${name}})
  else()
    message(FATAL_ERROR "DECKLE_WITH_${name} is AUTO, ON or OFF, not \"${DECKLE_WITH_${name}}\"")
  endif()
  set(deckle_what "${what}")
  set(deckle_packages ${packages})
  set(deckle_lost "${lost}")
endmacro()

macro(deckle_found name found)
  if(DECKLE_SEARCH AND ${found})
    set(DECKLE_HAS_${name} ON)
  else()
    set(DECKLE_HAS_${name} OFF)
    list(JOIN deckle_packages " " deckle_joined)
    if(deckle_must)
      list(APPEND DECKLE_MISSING "${deckle_what}, which DECKLE_WITH_${name}=ON asks for (${deckle_joined})")
      list(APPEND DECKLE_MISSING_PACKAGES ${deckle_packages})
    elseif(DECKLE_SEARCH)
      list(APPEND DECKLE_LEFT_OUT "${deckle_what} is not installed (${deckle_joined}): ${deckle_lost}")
    else()
      list(APPEND DECKLE_LEFT_OUT "${deckle_what} is switched off (DECKLE_WITH_${name}): ${deckle_lost}")
    endif()
  endif()
endmacro()

# Ends the configuration with one message if anything that is required is missing.
macro(deckle_check_missing)
  if(DECKLE_MISSING)
    list(REMOVE_DUPLICATES DECKLE_MISSING_PACKAGES)
    list(JOIN DECKLE_MISSING "\n  " deckle_missing)
    list(JOIN DECKLE_MISSING_PACKAGES " " deckle_packages)
    message(FATAL_ERROR "deckle cannot be built: these are not installed, or too old:\n  ${deckle_missing}\n"
      "On Debian and Ubuntu:\n  apt-get install ${deckle_packages}")
  endif()
endmacro()

# Says which optional libraries this deckle is built without.
function(deckle_say_what_is_left_out)
  if(DECKLE_LEFT_OUT)
    list(JOIN DECKLE_LEFT_OUT "\n  " text)
    message(NOTICE "\nLeft out of this deckle:\n  ${text}\n")
  endif()
endfunction()

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(deckle_openmp_package libomp-dev)
else()
  set(deckle_openmp_package g++)
endif()
find_package(OpenMP QUIET COMPONENTS CXX)
deckle_needs(OpenMP_CXX_FOUND "OpenMP" ${deckle_openmp_package})
find_package(nlohmann_json 3.11 QUIET)
deckle_needs(nlohmann_json_FOUND "nlohmann/json 3.11" nlohmann-json3-dev)
find_package(OpenSSL QUIET COMPONENTS Crypto)
deckle_needs(OPENSSL_FOUND "OpenSSL" libssl-dev)
find_package(JPEG QUIET)
deckle_needs(JPEG_FOUND "libjpeg-turbo" libjpeg-dev)
find_package(PNG QUIET)
deckle_needs(PNG_FOUND "libpng" libpng-dev)
find_package(TIFF 4.5 QUIET)
deckle_needs(TIFF_FOUND "libtiff 4.5" libtiff-dev)

# Libraries that only pkg-config knows. The package's CMake files and its deckle.pc ask for the same.
find_package(PkgConfig QUIET)
deckle_needs(PkgConfig_FOUND "pkg-config" pkg-config)
set(DECKLE_PKG_CONFIG_MODULES "")
macro(deckle_module name what package)  # MODULE...
  if(PkgConfig_FOUND)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET ${ARGN})
  endif()
  deckle_needs(${name}_FOUND "${what}" ${package})
  list(APPEND DECKLE_PKG_CONFIG_MODULES ${name})
  set(DECKLE_MODULES_OF_${name} ${ARGN})
endmacro()
deckle_module(WebP "libwebp" libwebp-dev libwebp libwebpdemux)
deckle_module(Lcms "Little CMS 2" liblcms2-dev lcms2)
deckle_module(XXHash "xxHash" libxxhash-dev libxxhash)
deckle_module(Zip "libzip" libzip-dev libzip)
deckle_module(Deflate "libdeflate" libdeflate-dev libdeflate)
deckle_module(OpenJPEG "OpenJPEG 2.5" libopenjp2-7-dev libopenjp2>=2.5)

# Only the command line needs it, therefore it is not one of DECKLE_DEV_PACKAGES.
find_package(CLI11 2.1 QUIET)
if(NOT CLI11_FOUND)
  deckle_needs(CLI11_FOUND "CLI11 2.1" libcli11-dev)
endif()

deckle_optional(ONEDNN "oneDNN 2.6" libdnnl-dev "chains with convolutions are refused")
if(DECKLE_SEARCH)
  find_package(OneDNN 2.6 QUIET)
endif()
deckle_found(ONEDNN OneDNN_FOUND)
if(DECKLE_HAS_ONEDNN)
  list(APPEND DECKLE_DEV_PACKAGES libdnnl-dev)
endif()

deckle_optional(HDF5 "HDF5" libhdf5-dev "the plug-in for files of weights that Keras wrote (.h5) is not built")
if(DECKLE_SEARCH AND PkgConfig_FOUND)
  pkg_check_modules(HDF5 QUIET IMPORTED_TARGET hdf5)
endif()
deckle_found(HDF5 HDF5_FOUND)

deckle_optional(OPENCV "OpenCV" "libopencv-core-dev;libopencv-imgcodecs-dev"
  "the plug-in for OpenEXR pictures is not built")
if(DECKLE_SEARCH)
  find_package(OpenCVParts QUIET)
endif()
deckle_found(OPENCV OpenCVParts_FOUND)

# The tests are not a library, but their packages may be missing in the same way.
if(BUILD_TESTING)
  deckle_optional(TESTS "Catch2" catch2 "the tests are not built")
  if(DECKLE_SEARCH)
    find_package(Catch2 QUIET)
  endif()
  deckle_found(TESTS Catch2_FOUND)
endif()

deckle_check_missing()
