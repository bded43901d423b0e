# Debian's separate OpenCV packages (libopencv-core-dev, libopencv-imgcodecs-dev) have no OpenCVConfig.cmake, and that
# of libopencv-dev needs all of OpenCV. This finds only the two parts that are used. Gives OpenCVParts::core,
# OpenCVParts::imgcodecs and OpenCVParts_VERSION, which is what cv::getVersionString says.
find_path(OpenCVParts_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4)
find_library(OpenCVParts_CORE_LIBRARY opencv_core)
find_library(OpenCVParts_IMGCODECS_LIBRARY opencv_imgcodecs)

if(OpenCVParts_INCLUDE_DIR)
  file(READ "${OpenCVParts_INCLUDE_DIR}/opencv2/core/version.hpp" header)
  set(version_pattern "MAJOR +([0-9]+).*MINOR +([0-9]+).*REVISION +([0-9]+).*STATUS +\"([^\"]*)\"")
  if(header MATCHES "${version_pattern}")
    set(OpenCVParts_VERSION "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}${CMAKE_MATCH_4}")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVParts
  REQUIRED_VARS OpenCVParts_INCLUDE_DIR OpenCVParts_CORE_LIBRARY OpenCVParts_IMGCODECS_LIBRARY
  VERSION_VAR OpenCVParts_VERSION
  REASON_FAILURE_MESSAGE "install libopencv-core-dev and libopencv-imgcodecs-dev")
mark_as_advanced(OpenCVParts_INCLUDE_DIR OpenCVParts_CORE_LIBRARY OpenCVParts_IMGCODECS_LIBRARY)

if(OpenCVParts_FOUND AND NOT TARGET OpenCVParts::core)
  add_library(OpenCVParts::core UNKNOWN IMPORTED)
  set_target_properties(OpenCVParts::core PROPERTIES
    IMPORTED_LOCATION "${OpenCVParts_CORE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${OpenCVParts_INCLUDE_DIR}")
  add_library(OpenCVParts::imgcodecs UNKNOWN IMPORTED)
  set_target_properties(OpenCVParts::imgcodecs PROPERTIES
    IMPORTED_LOCATION "${OpenCVParts_IMGCODECS_LIBRARY}"
    INTERFACE_LINK_LIBRARIES OpenCVParts::core)
endif()
