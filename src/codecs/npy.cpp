// SPDX-License-Identifier: Apache-2.0
// npy: NumPy's .npy, format 1.0, 2.0 and 3.0.
// Shapes  any, in C or Fortran order; the twelve dtypes, of either byte order
// Fails   NotAnImage, Unsupported (naming the type of the samples), Truncated with bytes, Damaged,
//         TooLarge; all before memory is allocated
// Source  NumPy's documentation of numpy.lib.format; Python's documentation of literals
#include "codecs/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <string_view>

#include "codecs/reading.h"
#include "core/text.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\x93NUMPY"sv;
constexpr std::size_t kAlign = 64;  // alignment of the samples, for programs that map a file
constexpr std::size_t kMostHeader = std::size_t{1} << 20U;  // NumPy itself reads 10,000 bytes
constexpr std::size_t kMostAxes = 64;                       // the most that NumPy's arrays have

struct TypeCode {
  std::string_view code;  // without the byte order
  DType dtype;
};
constexpr std::array kTypes{
    TypeCode{"b1", DType::Bool},    TypeCode{"?", DType::Bool},     TypeCode{"i1", DType::Int8},
    TypeCode{"u1", DType::UInt8},   TypeCode{"i2", DType::Int16},   TypeCode{"u2", DType::UInt16},
    TypeCode{"i4", DType::Int32},   TypeCode{"u4", DType::UInt32},  TypeCode{"i8", DType::Int64},
    TypeCode{"u8", DType::UInt64},  TypeCode{"f2", DType::Float16}, TypeCode{"f4", DType::Float32},
    TypeCode{"f8", DType::Float64},
};

struct NotRead {
  std::string_view code;  // the beginning of a code
  std::string_view what;
  std::string_view advice;
};
constexpr std::array kNotRead{
    NotRead{"O", "object arrays hold Python objects", "save them with a numeric dtype"},
    NotRead{"V", "the samples are raw bytes or records, as in structured arrays and for bfloat16",
            "save them with a numeric dtype"},
    NotRead{"U", "the samples are strings", "save them with a numeric dtype"},
    NotRead{"S", "the samples are strings of bytes", "save them with a numeric dtype"},
    NotRead{"a", "the samples are strings of bytes", "save them with a numeric dtype"},
    NotRead{"T", "the samples are strings", "save them with a numeric dtype"},
    NotRead{"M", "the samples are dates (datetime64)", "save them as int64 or float64"},
    NotRead{"m", "the samples are spans of time (timedelta64)", "save them as int64 or float64"},
    NotRead{"c", "the samples are complex numbers", "save the real and the imaginary part"},
    NotRead{"f16", "the samples are of long double", "save them as float64"},
    NotRead{"f12", "the samples are of long double", "save them as float64"},
    NotRead{"g", "the samples are of long double", "save them as float64"},
};

Error not_read(std::string_view what, std::string_view shown, std::string_view advice) {
  return {ErrorCode::Unsupported,
          std::string(what) + " (dtype " + std::string(shown) + "); " + std::string(advice)};
}

// ---- the header's dict

// A Python literal of a kind that headers have.
struct Literal {
  enum class Kind { Text, Number, Truth, None, Tuple, List, Dict };
  Kind kind = Kind::None;
  std::string_view source;     // the text in the header
  std::string_view text;       // Text: the characters between the quotes; Number: sign and digits
  bool truth = false;          // Truth
  std::vector<Literal> items;  // Tuple, List; Dict: key, value, key, value ..
};

std::string shown(std::string_view source) {
  return shortened(printable(source), 60);
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  // Parses the text, which must be one literal.
  std::optional<Literal> read() {
    std::optional<Literal> literal = value(0);
    skip_space();
    if (at_ != text_.size()) return std::nullopt;
    return literal;
  }
  // The position at which parsing ended: the place of the mistake, if there was one.
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  static constexpr int kMostDepth = 32;

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Skips white space. If the next character is `c`, reads it.
  bool take(char c) {
    skip_space();
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  std::optional<Literal> value(int depth) {
    if (depth > kMostDepth) return std::nullopt;
    skip_space();
    const std::size_t begin = at_;
    Literal literal;
    const char c = peek();
    const bool read = c == '('   ? sequence(literal, Literal::Kind::Tuple, ')', depth)
                      : c == '[' ? sequence(literal, Literal::Kind::List, ']', depth)
                      : c == '{' ? dict(literal, depth)
                      : c == '-' || is_digit(c) ? number(literal)
                                                : text_or_word(literal);
    if (!read) return std::nullopt;
    literal.source = text_.substr(begin, at_ - begin);
    return literal;
  }

  bool sequence(Literal& literal, Literal::Kind kind, char close, int depth) {
    literal.kind = kind;
    ++at_;
    bool comma = false;
    while (!take(close)) {
      if (!literal.items.empty() && !comma) return false;
      std::optional<Literal> item = value(depth + 1);
      if (!item) return false;
      literal.items.push_back(*std::move(item));
      comma = take(',');
    }
    if (kind == Literal::Kind::Tuple && literal.items.size() == 1 && !comma) {
      literal = Literal(literal.items.front());  // parentheses around a value are not a tuple
    }
    return true;
  }

  bool dict(Literal& literal, int depth) {
    literal.kind = Literal::Kind::Dict;
    ++at_;
    bool comma = true;
    while (!take('}')) {
      if (!comma) return false;
      std::optional<Literal> key = value(depth + 1);
      if (!key || !take(':')) return false;
      std::optional<Literal> item = value(depth + 1);
      if (!item) return false;
      literal.items.push_back(*std::move(key));
      literal.items.push_back(*std::move(item));
      comma = take(',');
    }
    return true;
  }

  bool number(Literal& literal) {
    literal.kind = Literal::Kind::Number;
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    const std::size_t digits = at_;
    while (is_digit(peek()))
      ++at_;
    const std::size_t count = at_ - digits;
    if (count == 0 || (count > 1 && text_[digits] == '0')) return false;
    literal.text = text_.substr(begin, at_ - begin);
    if (peek() == 'L') ++at_;  // Python 2
    return !is_word(peek()) && peek() != '.';
  }

  bool text_or_word(Literal& literal) {
    if ((peek() == 'u' || peek() == 'U') && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == '\'' || text_[at_ + 1] == '"')) {
      ++at_;  // Python 2
    }
    const char quote = peek();
    if (quote == '\'' || quote == '"') {
      const std::size_t end = text_.find_first_of(quote == '"' ? "\"\\\n"sv : "'\\\n"sv, at_ + 1);
      if (end == std::string_view::npos || text_[end] != quote) return false;
      literal.kind = Literal::Kind::Text;
      literal.text = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return true;
    }
    const std::size_t begin = at_;
    while (is_word(peek()))
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    literal.kind = word == "None" ? Literal::Kind::None : Literal::Kind::Truth;
    literal.truth = word == "True";
    if (word == "True" || word == "False" || word == "None") return true;
    at_ = begin;
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// ---- the meaning of the dict's values

std::optional<Error> read_descr(const Literal& descr, ArrayHeader& header) {
  if (descr.kind == Literal::Kind::List) {
    return not_read("structured arrays hold records of several fields", shown(descr.source),
                    "save each field as an array of its own");
  }
  if (descr.kind == Literal::Kind::Tuple) {
    return not_read("the samples are arrays themselves", shown(descr.source),
                    "save them with a numeric dtype");
  }
  const Error bad = bad_header("'descr' is " + shown(descr.source) + ", which is no dtype");
  if (descr.kind != Literal::Kind::Text || descr.text.empty()) return bad;
  std::string_view code = descr.text;
  const bool ordered = "<>|="sv.find(code.front()) != std::string_view::npos;
  const char order = ordered ? code.front() : '=';
  if (ordered) code.remove_prefix(1);
  for (const TypeCode& type : kTypes) {
    if (type.code != code) continue;
    constexpr bool kHostIsBig = std::endian::native == std::endian::big;
    header.dtype = type.dtype;
    header.big_endian = size_of(type.dtype) > 1 && (order == '>' || (order != '<' && kHostIsBig));
    return std::nullopt;
  }
  for (const NotRead& other : kNotRead) {
    if (code.starts_with(other.code))
      return not_read(other.what, shown(descr.source), other.advice);
  }
  return bad;
}

std::optional<Error> read_shape(const Literal& shape, ArrayHeader& header) {
  const Error bad =
      bad_header("'shape' is " + shown(shape.source) + ", not a tuple of whole numbers");
  if (shape.kind != Literal::Kind::Tuple) return bad;
  if (shape.items.size() > kMostAxes) {
    return Error{ErrorCode::TooLarge, "the header says " + std::to_string(shape.items.size()) +
                                          " axes; NumPy's arrays have at most " +
                                          std::to_string(kMostAxes)};
  }
  // Axes of length 0 are not counted: else (2^62, 4, 0) would seem small.
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t bytes = static_cast<std::int64_t>(size_of(header.dtype));
  for (const Literal& item : shape.items) {
    if (item.kind != Literal::Kind::Number) return bad;
    if (item.text.front() == '-')
      return bad_header("'shape' is " + shown(shape.source) + ", with a negative axis");
    std::int64_t length = 0;
    const auto [end, error] =
        std::from_chars(item.text.data(), item.text.data() + item.text.size(), length);
    if (error != std::errc{} || (length > 0 && bytes > kMost / length)) {
      return Error{ErrorCode::TooLarge, "the header says " + shown(shape.source) + " samples of " +
                                            std::string(name_of(header.dtype)) +
                                            ": 64 bits cannot count the bytes"};
    }
    bytes *= std::max<std::int64_t>(length, 1);
    header.shape.push_back(length);
  }
  return std::nullopt;
}

Result<ArrayHeader> read_dict(std::string_view text) {
  LiteralReader reader(text);
  const std::optional<Literal> dict = reader.read();
  if (!dict) {
    return bad_header("no Python literal from byte " + std::to_string(reader.at()) + " of " +
                      std::to_string(text.size()) + " on, \"" +
                      shortened(printable(text.substr(reader.at())), 20) + "\"");
  }
  if (dict->kind != Literal::Kind::Dict) return bad_header("not a Python dict");

  constexpr std::array<std::string_view, 3> kKeys{"descr", "fortran_order", "shape"};
  std::array<const Literal*, kKeys.size()> values{};
  for (std::size_t i = 0; i < dict->items.size(); i += 2) {
    const Literal& key = dict->items[i];
    const auto* const found = std::find(kKeys.begin(), kKeys.end(), key.text);
    if (key.kind != Literal::Kind::Text || found == kKeys.end()) {
      return bad_header(shown(key.source) + " is none of its keys, " + one_of(kKeys));
    }
    const Literal*& value = values.at(static_cast<std::size_t>(found - kKeys.begin()));
    if (value != nullptr) return bad_header(shown(key.source) + " is given twice");
    value = &dict->items[i + 1];
  }
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (values.at(i) == nullptr) return bad_header("'" + std::string(kKeys.at(i)) + "' is missing");
  }
  const auto [descr, fortran_order, shape] = values;
  ArrayHeader header;
  if (auto wrong = read_descr(*descr, header)) return *std::move(wrong);
  if (fortran_order->kind != Literal::Kind::Truth) {
    return bad_header("'fortran_order' is " + shown(fortran_order->source) + ", not True or False");
  }
  header.fortran_order = fortran_order->truth;
  if (auto wrong = read_shape(*shape, header)) return *std::move(wrong);
  return header;
}

// ---- samples

// Copies samples from Fortran order to C order. Sample [i, rest] is `from[i + first * place of
// rest]` and becomes `to[i * count of rests + rank of rest]`. Samples are collected in small tiles,
// to read and write whole cache lines.
template <typename T>
void to_c_order(const std::uint8_t* from, const std::vector<std::int64_t>& shape,
                std::uint8_t* to) {
  constexpr std::size_t kTile = sizeof(T) <= 2 ? 64 : 32;
  std::array<T, kTile * kTile> tile;
  std::vector<std::size_t> rest;  // the axes after the first, and their strides in `from`
  std::vector<std::size_t> step;
  const auto first = static_cast<std::size_t>(shape.front());
  std::size_t count = first;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    rest.push_back(static_cast<std::size_t>(shape[axis]));
    step.push_back(count);
    count *= rest.back();
  }
  const std::size_t rests = count / first;
  for (std::size_t row = 0; row < first; row += kTile) {
    const std::size_t rows = std::min(kTile, first - row);
    std::vector<std::size_t> index(rest.size(), 0);
    std::size_t at = row;  // of sample [row, index..]
    for (std::size_t col = 0; col < rests; col += kTile) {
      const std::size_t cols = std::min(kTile, rests - col);
      for (std::size_t c = 0; c < cols; ++c) {
        for (std::size_t r = 0; r < rows; ++r)
          std::memcpy(&tile[r * kTile + c], from + (at + r) * sizeof(T), sizeof(T));
        for (std::size_t axis = rest.size();
             axis-- > 0;) {  // advances the index, the last axis first
          at += step[axis];
          if (++index[axis] < rest[axis]) break;
          at -= step[axis] * rest[axis];
          index[axis] = 0;
        }
      }
      for (std::size_t r = 0; r < rows; ++r) {
        std::memcpy(to + ((row + r) * rests + col) * sizeof(T), &tile[r * kTile], cols * sizeof(T));
      }
    }
  }
}

template <typename T>
void swap_bytes(std::uint8_t* samples, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += sizeof(T)) {
    std::array<std::uint8_t, sizeof(T)> sample;
    std::memcpy(sample.data(), samples + i, sizeof(T));
    std::reverse(sample.begin(), sample.end());
    std::memcpy(samples + i, sample.data(), sizeof(T));
  }
}

template <typename F>
void with_size(std::size_t bytes, F&& f) {
  switch (bytes) {
    case 1:
      return f(std::uint8_t{});
    case 2:
      return f(std::uint16_t{});
    case 4:
      return f(std::uint32_t{});
    default:
      return f(std::uint64_t{});
  }
}

}  // namespace

std::size_t ArrayHeader::data_bytes() const {
  std::size_t bytes = size_of(dtype);
  for (const std::int64_t length : shape)
    bytes *= static_cast<std::size_t>(length);
  return bytes;
}

bool is_npy(Bytes head) {
  return text_of(head).starts_with(kMagic);
}

Result<ArrayHeader> read_npy_header(Bytes file) {
  if (file.empty()) return Error{ErrorCode::NotAnImage, "the file is empty"};
  if (!is_npy(file)) {
    if (kMagic.starts_with(text_of(file))) return header_ends();
    return Error{ErrorCode::NotAnImage,
                 "this is not a .npy file: it does not begin with " + hex(as_bytes(kMagic))};
  }
  if (file.size() < kMagic.size() + 2) return header_ends();
  const unsigned major = file[kMagic.size()];
  const unsigned minor = file[kMagic.size() + 1];
  if (major < 1 || major > 3 || minor != 0) {
    return Error{ErrorCode::Unsupported, "version " + std::to_string(major) + "." +
                                             std::to_string(minor) +
                                             " of .npy is not read; 1.0, 2.0 and 3.0 are"};
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t begin = kMagic.size() + 2 + length_bytes;
  if (file.size() < begin) return header_ends();
  const std::uint64_t length = read_little(&file[begin - length_bytes], length_bytes);
  if (length > kMostHeader) {
    return Error{ErrorCode::TooLarge, "the header says that it has " + std::to_string(length) +
                                          " bytes; at most " + std::to_string(kMostHeader) +
                                          " are read"};
  }
  if (file.size() - begin < length) {
    return Error{ErrorCode::Truncated, "truncated: the header has " +
                                           std::to_string(file.size() - begin) + " of " +
                                           std::to_string(length) + " bytes"};
  }
  Result<ArrayHeader> header = read_dict(text_of(file).substr(begin, length));
  if (header) header->data_at = begin + length;
  return header;
}

Result<Done> check_npy_size(Bytes file, const ArrayHeader& header) {
  const std::size_t bytes = header.data_bytes();
  const std::size_t there = file.size() - std::min(file.size(), header.data_at);
  if (there >= bytes) return Done{};
  return Error{ErrorCode::Truncated, "truncated: has " + std::to_string(there) + " of " +
                                         std::to_string(bytes) + " bytes of samples"};
}

Result<Done> read_npy(Bytes file, const ArrayHeader& header, Buffer& out) {
  const std::size_t bytes = header.data_bytes();
  if (auto held = check_npy_size(file, header); !held) return held;
  try {
    out.resize(bytes);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::TooLarge,
                 "not enough memory for " + std::to_string(bytes) + " bytes of samples"};
  }
  if (bytes == 0) return Done{};
  const std::uint8_t* const samples = file.data() + header.data_at;
  with_size(size_of(header.dtype), [&]<typename T>(T) {
    const auto is_long = [](std::int64_t length) { return length > 1; };
    if (header.fortran_order &&
        std::count_if(header.shape.begin(), header.shape.end(), is_long) > 1) {
      to_c_order<T>(samples, header.shape, out.data());
    } else {
      std::memcpy(out.data(), samples, bytes);
    }
    constexpr bool kHostIsBig = std::endian::native == std::endian::big;
    if (sizeof(T) > 1 && header.big_endian != kHostIsBig) swap_bytes<T>(out.data(), bytes);
  });
  if (header.dtype == DType::Bool) {  // for NumPy, every value except 0 is true
    std::for_each(out.data(), out.data() + bytes, [](std::uint8_t& b) { b = b != 0 ? 1 : 0; });
  }
  return Done{};
}

std::string npy_header(const std::vector<std::int64_t>& shape, DType dtype) {
  const auto* const type = std::find_if(kTypes.begin(), kTypes.end(),
                                        [&](const TypeCode& t) { return t.dtype == dtype; });
  std::string dict = "{'descr': '";
  dict += size_of(dtype) > 1 ? '<' : '|';
  dict += type->code;
  dict += "', 'fortran_order': False, 'shape': (";
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    dict += (axis > 0 ? ", " : "") + std::to_string(shape[axis]);
  dict += shape.size() == 1 ? ",), }" : "), }";
  // NumPy leaves space for a larger first axis.
  constexpr std::size_t kMostDigits = 21;
  if (!shape.empty()) dict.append(kMostDigits - std::to_string(shape.front()).size(), ' ');

  constexpr std::size_t kMostInTwoBytes = 65535;
  std::size_t length_bytes = 2;
  const auto padded = [&] {  // a whole block of spaces if no padding is needed
    const std::size_t before = kMagic.size() + 2 + length_bytes;
    return (before + dict.size() + 1) / kAlign * kAlign + kAlign - before;
  };
  if (padded() > kMostInTwoBytes) length_bytes = 4;
  const std::size_t length = padded();
  std::string header(kMagic);
  header += length_bytes == 2 ? '\1' : '\2';
  header += '\0';
  for (std::size_t i = 0; i < length_bytes; ++i)
    header += static_cast<char>(length >> (8 * i) & 0xFFU);
  dict.append(length - dict.size() - 1, ' ');
  return header + dict + '\n';
}

Result<Done> write_npy(const std::vector<std::int64_t>& shape, DType dtype, Bytes data,
                       Buffer& out) {
  const std::size_t bytes = ArrayHeader{.shape = shape, .dtype = dtype}.data_bytes();
  if (data.size() != bytes) {
    return Error{ErrorCode::Internal, "an array of " + std::to_string(bytes) + " bytes came with " +
                                          std::to_string(data.size())};
  }
  const std::string header = npy_header(shape, dtype);
  out.resize(header.size() + bytes);
  std::memcpy(out.data(), header.data(), header.size());
  std::uint8_t* const samples = out.data() + header.size();
  if (bytes > 0) std::memcpy(samples, data.data(), bytes);
  if constexpr (std::endian::native == std::endian::big) {
    with_size(size_of(dtype), [&]<typename T>(T) { swap_bytes<T>(samples, bytes); });
  }
  return Done{};
}

}  // namespace deckle
