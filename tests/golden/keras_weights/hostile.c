/* SPDX-License-Identifier: Apache-2.0
 * Writes the files hostile-*.h5 beside it: layouts of Keras 2 whose kernel HDF5 would take from
 * elsewhere, or that claim more than they hold. The files are committed; this says what is in them.
 *
 *     cc hostile.c -o hostile $(pkg-config --cflags --libs hdf5) && ./hostile
 */
#define H5_USE_110_API
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void texts(hid_t object, const char* name, hsize_t count, const char* all, size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  hid_t space = H5Screate_simple(1, &count, NULL);
  hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, all);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

static hid_t file;
static hid_t group;

/* One layer, "conv2d", that lists a kernel and a bias; the bias is there. */
static void begin(const char* name) {
  hid_t how = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(how, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, how);
  H5Pclose(how);
  texts(file, "layer_names", 1, "conv2d", 6);
  hid_t layer = H5Gcreate2(file, "conv2d", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  texts(layer, "weight_names", 2, "conv2d/kernel:0\0conv2d/bias:0\0\0", 16);
  group = H5Gcreate2(layer, "conv2d", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(layer);
  hsize_t one = 1;
  float zero = 0;
  hid_t space = H5Screate_simple(1, &one, NULL);
  hid_t bias =
      H5Dcreate2(group, "bias:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(bias, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &zero);
  H5Dclose(bias);
  H5Sclose(space);
}

static void end(void) {
  H5Gclose(group);
  H5Fclose(file);
}

static hid_t kernel(const char* name, int rank, const hsize_t* extents, hid_t how) {
  hid_t space = H5Screate_simple(rank, extents, NULL);
  hid_t dataset = H5Dcreate2(group, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, how, H5P_DEFAULT);
  H5Sclose(space);
  return dataset;
}

/* A filter as a plug-in would bring it: its number says so, its data are as they were. */
static size_t keep(unsigned flags, size_t n, const unsigned values[], size_t bytes, size_t* size,
                   void** data) {
  (void)flags, (void)n, (void)values, (void)size, (void)data;
  return bytes;
}

/* Without one, HDF5 takes no such kind of link. */
static hid_t nowhere(const char* name, hid_t at, const void* data, size_t size, hid_t how,
                     hid_t transfer) {
  (void)name, (void)at, (void)data, (void)size, (void)how, (void)transfer;
  return -1;
}

int main(void) {
  const hsize_t small[4] = {3, 3, 3, 1};
  float numbers[27];
  for (int i = 0; i < 27; ++i)
    numbers[i] = (float)i / 8;

  begin("hostile-external-storage.h5");
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(how, "/etc/passwd", 0, 108);
  H5Dclose(kernel("kernel:0", 4, small, how));
  H5Pclose(how);
  end();

  begin("hostile-soft-link.h5");
  H5Lcreate_soft("/conv2d/conv2d/bias:0", group, "kernel:0", H5P_DEFAULT, H5P_DEFAULT);
  end();

  begin("hostile-external-link.h5");
  H5Lcreate_external("keras2.h5", "/first", group, "kernel:0", H5P_DEFAULT, H5P_DEFAULT);
  end();

  begin("hostile-user-link.h5");
  const H5L_class_t user = {H5L_LINK_CLASS_T_VERS, (H5L_type_t)187, "user", NULL, NULL, NULL,
                            nowhere, NULL, NULL};
  H5Lregister(&user);
  H5Lcreate_ud(group, "kernel:0", (H5L_type_t)187, "x", 1, H5P_DEFAULT, H5P_DEFAULT);
  end();

  begin("hostile-virtual.h5");
  how = H5Pcreate(H5P_DATASET_CREATE);
  hid_t all = H5Screate_simple(4, small, NULL);
  H5Pset_virtual(how, all, "keras2.h5", "/first/first/kernel:0", all);
  H5Sclose(all);
  H5Dclose(kernel("kernel:0", 4, small, how));
  H5Pclose(how);
  end();

  const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, 32099, 1, 1, "foreign", NULL, NULL, keep};
  H5Zregister(&filter);
  begin("hostile-filter.h5");
  how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(how, 4, small);
  H5Pset_filter(how, 32099, H5Z_FLAG_MANDATORY, 0, NULL);
  hid_t dataset = kernel("kernel:0", 4, small, how);
  H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  H5Dclose(dataset);
  H5Pclose(how);
  end();

  begin("hostile-nbit.h5"); /* built in, but nothing of Keras' */
  how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(how, 4, small);
  H5Pset_nbit(how);
  dataset = kernel("kernel:0", 4, small, how);
  H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  H5Dclose(dataset);
  H5Pclose(how);
  end();

  /* Numbers that nobody wrote: 2^40 of them, as many as deflate could make, and a few. */
  const hsize_t chunk[1] = {1 << 16};
  const hsize_t counts[3] = {(hsize_t)1 << 40, 1 << 20, 16};
  const char* const names[3] = {"hostile-many.h5", "hostile-unwritten.h5", "hostile-contiguous.h5"};
  for (int i = 0; i < 3; ++i) {
    begin(names[i]);
    how = H5Pcreate(H5P_DATASET_CREATE);
    if (i < 2) {
      H5Pset_chunk(how, 1, chunk);
      H5Pset_deflate(how, 9);
    }
    H5Dclose(kernel("kernel:0", 1, &counts[i], how));
    H5Pclose(how);
    end();
  }
  return 0;
}
