// SPDX-License-Identifier: Apache-2.0
// A .npy file: its array is read, written and read, and must be the same.
#include "codecs/npy.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

void npy_array(Bytes input) {
  const test::File file = file_of(input);
  const auto header = read_npy_header(file);
  if (!header) return;
  Buffer samples;
  const auto read = read_npy(file, *header, samples);
  if (!read) return;
  must(samples.size() == header->data_bytes(), "other samples than the header says");
  Buffer out;
  const auto written = write_npy(header->shape, header->dtype, samples.bytes(), out);
  must(written.has_value(), "an array cannot be written", written ? "" : written.error().message);
  const test::File made = file_of(out.bytes());
  const auto again = read_npy_header(made);
  must(again && again->shape == header->shape && again->dtype == header->dtype,
       "an array comes back with another header");
  Buffer back;
  must(
      read_npy(made, *again, back).has_value() && file_of(back.bytes()) == file_of(samples.bytes()),
      "an array comes back with other samples");
}

}  // namespace deckle::fuzz
