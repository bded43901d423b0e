# cmake --install. Four components are Debian packages of the same names: deckle (the program, and the helper that runs
# plug-ins), deckle-hdf5 and deckle-opencv (its plug-ins), libdeckle-dev (the library). The fifth, licence, is in no
# package, because each package has its own copy.
include(CMakePackageConfigHelpers)

install(TARGETS deckle RUNTIME COMPONENT deckle)
install(TARGETS deckle_decoder RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/deckle COMPONENT deckle)
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/deckle/configs COMPONENT deckle)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT licence)
foreach(plugin IN ITEMS hdf5 opencv)
  if(TARGET deckle_${plugin})
    install(TARGETS deckle_${plugin}
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/deckle COMPONENT deckle-${plugin})
  endif()
endforeach()

# The headers that a program may include, and those that these include. In the repository they include each other as
# "core/shape.h". Installed they are <deckle/core/shape.h>, to avoid conflicts with the "core" of another library.
set(public_headers
  batch/effects.h
  batch/engine.h
  batch/journal.h
  batch/manifest.h
  batch/memory.h
  batch/output_encoding.h
  batch/output_folder.h
  batch/picture.h
  batch/shard.h
  chain/chain.h
  chain/chain_file.h
  chain/json_text.h
  chain/plan.h
  codecs/codec.h
  codecs/format.h
  codecs/formats.h
  codecs/image_info.h
  codecs/metadata.h
  codecs/codec_options.h
  codecs/read_picture.h
  codecs/write_picture.h
  core/bands.h
  core/bytes.h
  core/digest.h
  core/dtype.h
  core/float16.h
  core/json.h
  core/result.h
  core/rows.h
  core/shape.h
  core/sink.h
  core/stop.h
  core/tensor.h
  core/text.h
  dataset/files.h
  dataset/inputs.h
  dataset/lock.h
  dataset/out_tree.h
  geometry/axis_table.h
  geometry/placed.h
  geometry/window.h
  kernels/convolve.h
  kernels/gather.h
  kernels/resample.h
  kernels/runs.h
  kernels/taps.h
  layers/argument_spec.h
  layers/arguments.h
  ops/op.h
  ops/op_builder.h
  ops/run_ops.h
  layers/keras_version.h
  layers/layer.h
  random/philox.h
  random/seeds.h
  random/stateless.h)
set(installed_headers "${CMAKE_CURRENT_BINARY_DIR}/installed-headers/deckle")
install(CODE "
  file(REMOVE_RECURSE \"${installed_headers}\")
  foreach(header IN ITEMS ${public_headers})
    file(READ \"${PROJECT_SOURCE_DIR}/src/\${header}\" text)
    string(REPLACE \"#include \\\"\" \"#include \\\"deckle/\" text \"\${text}\")
    file(WRITE \"${installed_headers}/\${header}\" \"\${text}\")
  endforeach()" COMPONENT libdeckle-dev)
install(DIRECTORY "${installed_headers}" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libdeckle-dev)

set_target_properties(deckle_lib PROPERTIES EXPORT_NAME deckle)
set(cmake_files ${CMAKE_INSTALL_LIBDIR}/cmake/deckle)
install(TARGETS deckle_lib EXPORT deckleTargets ARCHIVE COMPONENT libdeckle-dev)
install(EXPORT deckleTargets NAMESPACE deckle:: DESTINATION ${cmake_files} COMPONENT libdeckle-dev)

set(deckle_modules "")
set(deckle_pc_modules "")
foreach(name IN LISTS DECKLE_PKG_CONFIG_MODULES)
  list(JOIN DECKLE_MODULES_OF_${name} " " modules)
  string(APPEND deckle_modules "pkg_check_modules(${name} QUIET IMPORTED_TARGET ${modules})\n"
    "if(NOT ${name}_FOUND)\n  set(deckle_FOUND OFF)\n"
    "  set(deckle_NOT_FOUND_MESSAGE \"deckle needs what pkg-config calls ${modules}\")\n  return()\nendif()\n")
  string(REGEX REPLACE "([<>=]+)" " \\1 " modules "${modules}")  # "libopenjp2 >= 2.5", as pkg-config wants it
  string(APPEND deckle_pc_modules " ${modules}")
endforeach()
string(STRIP "${deckle_pc_modules}" deckle_pc_modules)
set(deckle_pc_libs "${OpenMP_CXX_FLAGS}")
if(DECKLE_HAS_ONEDNN)
  string(PREPEND deckle_pc_libs "-ldnnl ")
endif()
file(RELATIVE_PATH deckle_include_from_pc
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file(cmake/deckle.pc.in deckle.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/deckle.pc"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libdeckle-dev)
configure_package_config_file(cmake/deckleConfig.cmake.in deckleConfig.cmake INSTALL_DESTINATION ${cmake_files})
write_basic_package_version_file(deckleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/deckleConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/deckleConfigVersion.cmake" cmake/FindOneDNN.cmake
  DESTINATION ${cmake_files} COMPONENT libdeckle-dev)
