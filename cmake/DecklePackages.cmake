# cpack: Debian packages, one for each component. dpkg-shlibdeps (packages dpkg-dev and file) finds out what a binary
# needs. `cmake --preset package` puts libraries into Debian's folders; tests/package.sh builds the packages;
# tests/fresh.sh SUITE package also tries them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME deckle)
set(CPACK_PACKAGE_CONTACT "deckle maintainers <maintainers@deckle.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has a description of its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_COMPONENTS_ALL deckle libdeckle-dev)

# deckle_package(NAME SECTION TITLE DESCRIPTION)
function(deckle_package name section title description)
  string(TOUPPER "${name}" upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${title}\n${description}" PARENT_SCOPE)
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/${name})
  install(FILES cmake/debian/copyright DESTINATION ${folder} COMPONENT ${name} EXCLUDE_FROM_ALL)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz" DESTINATION ${folder} COMPONENT ${name} EXCLUDE_FROM_ALL)
endfunction()

string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, if that is set
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/changelog"
  "deckle (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * Built from the sources of this version.\n\n"
  " -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
find_program(DECKLE_GZIP gzip)
mark_as_advanced(DECKLE_GZIP)
if(NOT DECKLE_GZIP)
  return()  # not a kind of Debian
endif()
execute_process(COMMAND "${DECKLE_GZIP}" -9nf changelog WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")

deckle_package(deckle graphics "batch processor for images, reproducible to the byte"
"deckle runs a chain of Keras layers (crop, pad, upsample, random crop,
convolutions) over folders of images, on all processors, and writes the
outputs together with a manifest from which every one of them can be made
again, byte for byte. It is for people who prepare image datasets from a
shell, a Makefile, CI or a cluster job.")
deckle_package(libdeckle-dev libdevel "batch processor for images, reproducible to the byte - library"
"deckle runs a chain of Keras layers (crop, pad, upsample, random crop,
convolutions) over folders of images.
.
This package has the static library, its headers, and its files for CMake
and pkg-config.")
install(FILES cmake/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME deckle COMPONENT deckle EXCLUDE_FROM_ALL)
set(CPACK_DEBIAN_DECKLE_PACKAGE_SUGGESTS "deckle-opencv")

set(dev_packages ${DECKLE_DEV_PACKAGES})
list(REMOVE_ITEM dev_packages g++)  # every developer has a compiler
list(JOIN dev_packages ", " dev_packages)
set(CPACK_DEBIAN_LIBDECKLE-DEV_PACKAGE_DEPENDS "${dev_packages}")
set(CPACK_DEBIAN_LIBDECKLE-DEV_PACKAGE_SUGGESTS "deckle, deckle-hdf5, deckle-opencv")
set(CPACK_DEBIAN_LIBDECKLE-DEV_PACKAGE_SHLIBDEPS OFF)

if(TARGET deckle_hdf5)
  list(APPEND CPACK_COMPONENTS_ALL deckle-hdf5)
  deckle_package(deckle-hdf5 graphics "batch processor for images - weights in HDF5 files"
"deckle runs a chain of Keras layers over folders of images.
.
This package has its plug-in for the files of weights and models that Keras
writes in the format HDF5 (.h5, .weights.h5, .keras).")
  set(CPACK_DEBIAN_DECKLE_PACKAGE_RECOMMENDS "deckle-hdf5")
  set(CPACK_DEBIAN_DECKLE-HDF5_PACKAGE_DEPENDS "deckle (= ${PROJECT_VERSION})")
endif()
if(TARGET deckle_opencv)
  list(APPEND CPACK_COMPONENTS_ALL deckle-opencv)
  deckle_package(deckle-opencv graphics "batch processor for images - OpenEXR pictures"
"deckle runs a chain of Keras layers over folders of images.
.
This package has its plug-in for OpenEXR pictures, which OpenCV reads.")
  set(CPACK_DEBIAN_DECKLE-OPENCV_PACKAGE_DEPENDS "deckle (= ${PROJECT_VERSION})")
endif()

include(CPack)
