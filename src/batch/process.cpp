// SPDX-License-Identifier: Apache-2.0
#include "batch/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <limits>
#include <new>
#include <utility>

#include "batch/for_each_index.h"
#include "batch/input_bytes.h"
#include "batch/memory_estimate.h"
#include "batch/output_checks.h"
#include "batch/output_encoding.h"
#include "batch/record_check.h"
#include "batch/survey.h"
#include "chain/output_names.h"
#include "codecs/formats.h"
#include "codecs/read_picture.h"
#include "codecs/write_picture.h"
#include "core/digest.h"
#include "core/text.h"
#include "kernels/runs.h"
#include "ops/final_rounding.h"

namespace deckle {
namespace {

// A picture of at most this size stays in the cache from the gather to the encoder. One digest of
// the whole picture is then faster than one for each row.
constexpr std::int64_t kCachedPixels = std::int64_t{1} << 17U;

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

// Errors that mean that the system has no resources left: not a fault of the image.
bool is_shortage(const Error& error) {
  constexpr std::array kShortages{EMFILE, ENFILE, EAGAIN, ENOMEM};
  return std::find(kShortages.begin(), kShortages.end(), error.sys_errno) != kShortages.end();
}

// An image while it is processed, with the facts that its records have in common.
class ImageJob {
 public:
  ImageJob(const Chain& chain, const ImageSource& source, const OutTree& out, Scratch& scratch,
           const ProcessOptions& options)
      : chain_(chain),
        source_(source),
        out_(out),
        scratch_(scratch),
        options_(options),
        input_(scratch.file) {
    common_.input = source.path;
    if (options.timeout > options.timeout.zero()) begun_ = options.now();
  }
  ImageJob(const ImageJob&) = delete;
  ImageJob& operator=(const ImageJob&) = delete;
  ~ImageJob() = default;

  Result<Processed> run() {
    auto codec = input_.load(source_.file, chain_.input, options_.memory);
    common_.input_sha256 = input_.sha256();
    result_.input = input_.stamp();
    if (!codec && is_shortage(codec.error())) return codec.error();
    if (!codec) {
      result_.no_image = is_skipped(codec.error(), source_.path, source_.named);
      return failed(codec.error());
    }
    const auto info = read_info(input_.bytes(), chain_.input);
    if (!info) return failed(info.error());
    common_.shape = info->seen.shape;
    common_.batch = info->batch;

    if (replays() && source_.recorded.front().input_sha256 != common_.input_sha256) {
      return failed(
          {ErrorCode::Changed, "not the file that the manifest recorded: its SHA-256 is " +
                                   hex(*common_.input_sha256)});
    }

    // All copies are planned before anything is decoded, so that errors are found early.
    std::vector<Plan> plans;
    for (std::size_t i = 0; i < copies(); ++i) {
      auto plan = plan_copy(i, *info);
      if (!plan) return failed(plan.error());
      plans.push_back(*std::move(plan));
    }
    const OutputName name = output_name(chain_, {source_.path}, **codec);
    const DType depth = output_dtype(chain_, plans.front(), name.codec->format);
    if (plans.front().skip.empty()) {
      if (auto fits = check_output(*name.codec, plans.front(), *info, depth); !fits)
        return failed(fits.error());
    }
    for (std::size_t i = 0; i < copies(); ++i) {
      if (!plans[i].skip.empty()) continue;
      if (auto right =
              check_output_path(name_of_output(plans[i], i, **codec).path, chain_.output.name);
          !right)
        return failed(right.error());
    }
    if (plans.front().skip.empty()) {
      OutputMetadata goes =
          metadata_for_output(chain_, plans.front(), *info, input_.bytes(), *name.codec);
      result_.effects = effects_on(chain_, *info, plans.front(), *name.codec, depth, goes);
      metadata_ = std::move(goes.metadata);
    }
    for (Plan& plan : plans)
      fuse_final_rounding(plan.ops, plan.input_dtype, depth);

    if (plans.front().skip.empty() && chain_.output.jpeg_lossless) {
      for (const Plan& plan : plans) {
        if (auto cut = check_lossless(chain_, plan, *info, input_.bytes(), *name.codec); !cut)
          return failed(cut.error());
      }
    }

    if (plans.front().skip.empty()) {  // skipping depends on the shape alone, so all copies agree
      Window needed;                   // needed by any of the copies: they share one decode
      for (const Plan& plan : plans)
        needed = needed.united_with(plan.window);
      all_needed_ = needed == whole(*common_.shape);
      if (const std::uint64_t takes = estimate_memory(chain_, input_.bytes(), *info, needed,
                                                      plans.front(), depth, options_.memory);
          takes > options_.memory.bytes) {
        const std::string why = row_streaming_obstacle(chain_, input_.bytes(), *info, plans.front(),
                                                       **codec, *name.codec, depth);
        streams_ = why.empty();
        if (!streams_ && options_.memory.strict) {
          return failed(over_memory_limit(takes, options_.memory, why));
        }
      }
      if (!streams_) {
        DecodeOptions input = chain_.input;
        input.stop = &overdue_;
        auto part = decode_window(input_.bytes(), *info, input, needed, scratch_.decoded);
        if (!part && part.error().code == ErrorCode::Stopped) return given_up();
        if (!part && is_shortage(part.error())) return part.error();
        if (!part) return failed(part.error());
        common_.truncated = std::move(part->damage.missing);
        common_.note = std::move(part->damage.note);
        if (const auto decoder = codec_of(info->format).decoder) common_.decoder = decoder();
        decoded_ = part->window;
      }
    }
    for (std::size_t i = 0; i < copies(); ++i) {
      if (overdue()) return given_up();
      auto made = make_output(plans[i], i, **codec, *info, depth);
      if (made) continue;
      // An encoder that gets no more rows fails with its own error, which is replaced here.
      if (overdue()) return given_up();
      if (!concerns_one_file(made.error())) return made.error();
      return failed(made.error());
    }
    if (const auto same = input_.check_unchanged(); !same) return failed(same.error());
    return std::move(result_);
  }

 private:
  // Whether this picture took too long, or its grace time after a stop is over.
  [[nodiscard]] bool overdue() {
    if (begun_ && options_.now() - *begun_ >= options_.timeout) timed_out_ = true;
    if (timed_out_) return true;
    if (options_.stop == nullptr || *options_.stop == 0) return false;
    using Ticks = std::chrono::steady_clock::rep;
    const Ticks now = options_.now().time_since_epoch().count();
    Ticks told = kNotTold;
    if (told_.compare_exchange_strong(told, now))
      told = now;  // otherwise `told` is now the time that another thread set
    return std::chrono::steady_clock::duration(now - told) >= options_.grace;
  }

  Processed given_up() {
    if (timed_out_) {
      const double seconds = std::chrono::duration<double>(options_.timeout).count();
      return failed({ErrorCode::TimedOut,
                     "took longer than the " + number_text(seconds) +
                         " s of --timeout-per-image; give a larger limit, or leave this file out"});
    }
    Processed nothing;
    nothing.abandoned = true;
    return nothing;
  }

  // Passes the rows on until the image is overdue.
  RowSource watched(RowSource rows) {
    return {rows.shape, rows.dtype, [this, row = std::move(rows.row)](std::int64_t r) {
              return overdue() ? nullptr : row(r);
            }};
  }

  [[nodiscard]] bool replays() const { return !source_.recorded.empty(); }
  [[nodiscard]] std::size_t copies() const {
    return replays() ? source_.recorded.size() : static_cast<std::size_t>(chain_.copies);
  }
  [[nodiscard]] int copy_of(std::size_t i) const {
    return replays() ? source_.recorded[i].copy : static_cast<int>(i);
  }

  Result<Plan> plan_copy(std::size_t i, const ImageInfo& info) const {
    const ArrayLayout layout{info.format == Format::Npy, info.batch};
    if (replays()) {
      return replay_plan(chain_, *common_.shape, info.dtype, source_.recorded[i].draws, layout);
    }
    return make_plan(chain_, *common_.shape, info.dtype,
                     {source_.path, source_.index, *common_.input_sha256, copy_of(i)}, layout);
  }

  [[nodiscard]] OutputName name_of_output(const Plan& plan, std::size_t index,
                                          const Codec& input_codec) const {
    OutputName name = output_name(chain_,
                                  {source_.path, copy_of(index), chain_.copies, source_.index,
                                   hex(*common_.input_sha256).substr(0, kNameHashDigits),
                                   plan.window[0].begin, plan.window[1].begin},
                                  input_codec);
    // If only a part of the inputs is listed, their places in the list differ.
    if (replays() && is_indexed_name(chain_.output.name))
      name.path = source_.recorded[index].output;
    return name;
  }

  Result<Done> make_output(const Plan& plan, std::size_t index, const Codec& input_codec,
                           const ImageInfo& info, DType depth) {
    Record record = common_;
    const int copy = copy_of(index);
    record.copy = copy;
    record.draws = plan.draws;
    if (!plan.skip.empty()) {
      record.skipped = plan.skip;
      result_.records.push_back(std::move(record));
      return Done{};
    }
    const OutputName name = name_of_output(plan, index, input_codec);
    EncodeOptions options = encode_options(chain_, plan, info, metadata_, name.codec->format);
    options.stop = &overdue_;
    record.window = plan.window;
    record.placed = place(plan.spans, plan.window);
    record.output = name.path;
    std::optional<PendingFile> pending;
    if (streams_) {
      auto written = stream(plan, info, *name.codec, options, record);
      if (!written) return written.error();
      pending = *std::move(written);
    } else {
      const bool in_rows = plan.ops.size() == 1 && !chain_.output.jpeg_lossless &&
                           name.codec->encoder->encode_rows != nullptr && plan.output.rank == 2 &&
                           plan.output.pixels() > kCachedPixels && info.dtype == depth &&
                           std::holds_alternative<GatherOp>(plan.ops.front());
      auto encoded = in_rows ? encode_in_rows(std::get<GatherOp>(plan.ops.front()), *name.codec,
                                              options, record)
                             : encode_whole(plan, depth, *name.codec, options, record);
      if (!encoded) return encoded;
      record.output_sha256 = sha256(scratch_.encoded.bytes());
      record.bytes = scratch_.encoded.size();
    }
    if (replays()) {
      auto note = check_against_record(record, source_.recorded[index]);
      if (!note) return note.error();
      if (!note->empty()) result_.note += (result_.note.empty() ? "" : "; ") + *note;
    }
    if (!pending) {
      auto written = out_.write(scratch_.encoded.bytes());
      if (!written) return written.error();
      pending = *std::move(written);
    }
    result_.outputs.push_back(*std::move(pending));
    result_.records.push_back(std::move(record));
    return Done{};
  }

  Result<Done> encode_whole(const Plan& plan, DType depth, const Codec& codec,
                            const EncodeOptions& options, Record& record) {
    const Runner parts = [this](std::size_t n, const std::function<void(std::size_t)>& f) {
      for_each_part(n, options_.jobs, f);
    };
    const auto made = output_samples(plan, scratch_.decoded, decoded_, codec.format, depth,
                                     scratch_.ops, scratch_.converted, parts, overdue_);
    if (!made) return made.error();
    const Tensor* const pixels = *made;
    record.output_shape = pixels->shape;
    record.output_dtype = pixels->dtype;
    record.pixels = pixel_digest({pixels->data.data(), pixels->byte_count()});
    if (chain_.output.jpeg_lossless) {
      auto cut = codec.lossless_crop->crop(input_.bytes(), plan.window, options.metadata,
                                           scratch_.encoded);
      if (!cut && cut.error().code == ErrorCode::Unsupported)
        return not_lossless(cut.error().message);
      return cut;
    }
    if (codec.encoder->encode_rows == nullptr)
      return codec.encoder->encode(*pixels, options, scratch_.encoded);
    return encode_in_memory(codec.encoder->encode_rows, watched(rows_of(*pixels)), options,
                            scratch_.encoded);
  }

  // If the chain only moves pixels, each row is digested and encoded while it is in the cache, and
  // the whole output is never in memory.
  template <typename Encode>
  static Result<Done> gather_rows(RowSource decoded, const Window& origin, const GatherOp& gather,
                                  Record& record, Encode encode) {
    const DType dtype = decoded.dtype;
    GatheredRows rows(std::move(decoded), origin, gather.axes, gather.fills);
    PixelDigest digest;
    const RowSource source{rows.shape(), dtype, [&](std::int64_t r) {
                             const std::uint8_t* const row = rows.row(r);
                             if (row != nullptr) digest.update({row, rows.row_bytes()});
                             return row;
                           }};
    Result<Done> encoded = encode(source);
    record.output_shape = source.shape;
    record.output_dtype = dtype;
    record.pixels = digest.text();
    return encoded;
  }

  Result<Done> encode_in_rows(const GatherOp& gather, const Codec& codec,
                              const EncodeOptions& options, Record& record) {
    return gather_rows(
        watched(rows_of(scratch_.decoded)), decoded_, gather, record, [&](const RowSource& rows) {
          return encode_in_memory(codec.encoder->encode_rows, rows, options, scratch_.encoded);
        });
  }

  // Row streaming: each row is decoded, gathered, encoded and written.
  Result<PendingFile> stream(const Plan& plan, const ImageInfo& info, const Codec& to,
                             const EncodeOptions& options, Record& record) {
    // Reads the same part as one decode for all copies, so that the manifest is the same.
    DecodeOptions input = chain_.input;
    input.check_all = input.check_all || all_needed_;
    auto reader = open_rows(input_.bytes(), info, input, plan.window);
    if (!reader) return reader.error();
    const Window origin{2, {plan.window[0], (*reader)->cols()}};
    std::optional<Error> wrong;
    const RowSource decoded{
        Shape::image(origin[0].length(), origin[1].length(), info.seen.shape.channels), info.dtype,
        [&](std::int64_t r) -> const std::uint8_t* {
          if (overdue()) return nullptr;
          auto row = (*reader)->row(origin[0].begin + r);
          if (row) return *row;
          wrong = row.error();
          return nullptr;
        }};
    auto writer = out_.writer();
    if (!writer) return writer.error();
    auto encoded = gather_rows(
        decoded, origin, std::get<GatherOp>(plan.ops.front()), record,
        [&](const RowSource& rows) { return to.encoder->encode_rows(rows, options, **writer); });
    if (wrong) return *wrong;
    if ((*writer)->error()) return *(*writer)->error();
    if (!encoded) return encoded.error();
    if (auto whole = (*reader)->finish(); !whole) return whole.error();
    record.note = (*reader)->note();
    auto written = (*writer)->finish();
    if (!written) return written.error();
    record.output_sha256 = written->sha256;
    record.bytes = written->bytes;
    return std::move(written->file);
  }

  // Replaces all records of the image by one record with the error.
  Processed failed(Error error) {
    Record record = common_;
    record.error = std::move(error);
    result_.records.clear();
    result_.outputs.clear();
    result_.note.clear();
    result_.effects.clear();
    result_.records.push_back(std::move(record));
    return std::move(result_);
  }

  const Chain& chain_;
  const ImageSource& source_;
  const OutTree& out_;
  Scratch& scratch_;
  const ProcessOptions& options_;
  static constexpr std::chrono::steady_clock::rep kNotTold =
      std::numeric_limits<std::chrono::steady_clock::rep>::min();
  std::atomic<std::chrono::steady_clock::rep> told_ =
      kNotTold;  ///< when the image was asked to stop
  std::optional<std::chrono::steady_clock::time_point> begun_;  ///< set if there is a timeout
  std::atomic<bool> timed_out_ = false;
  const Stop overdue_ = [this] { return overdue(); };
  InputBytes input_;
  bool streams_ = false;     ///< row streaming from file to file
  bool all_needed_ = false;  ///< the copies together need the whole picture
  Metadata metadata_;        ///< written into each copy
  Record common_;
  Window decoded_;  ///< the part of the picture that is in scratch_.decoded
  Processed result_;
};

}  // namespace

bool concerns_one_file(const Error& error) {
  // ENOTDIR is not in this list: if a file has the name of a needed folder, no output of that
  // folder can be written.
  constexpr std::array kOfTheName{ENAMETOOLONG, EEXIST, EISDIR, ENOTEMPTY, EILSEQ, EINVAL, ELOOP};
  return error.code != ErrorCode::Write ||
         std::find(kOfTheName.begin(), kOfTheName.end(), error.sys_errno) != kOfTheName.end();
}

Result<Processed> process_image(const Chain& chain, const ImageSource& source, const OutTree& out,
                                Scratch& scratch, const ProcessOptions& options) {
  const auto failed = [&](ErrorCode code, const std::string& why) {
    Processed processed;
    Record record;
    record.input = source.path;
    record.error = Error{code, why};
    processed.records.push_back(std::move(record));
    return processed;
  };
  if (source.failure != nullptr) return failed(source.failure->code, source.failure->message);
  try {
    auto result = ImageJob(chain, source, out, scratch, options).run();
    for (Tensor* tensor : {&scratch.decoded, &scratch.ops.a, &scratch.ops.b, &scratch.converted}) {
      tensor->data.shrink(kKeptScratchBytes);
    }
    return result;
  } catch (const std::bad_alloc&) {
    scratch = Scratch{};
    return failed(ErrorCode::TooLarge, "not enough memory for this image");
  } catch (const std::exception& e) {
    return failed(ErrorCode::Internal, std::string("an internal error in deckle: ") + e.what());
  }
}

}  // namespace deckle
