#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corpuscle::detector {

/// Reads fields out of a 64-bit cell id, following an encoding string such as
/// `system:5,side:-2,module:8,stave:4,layer:9,submodule:4,x:32:-16,y:-16`.
///
/// Each field is `name:width` (placed after the previous one) or `name:offset:width`; a negative
/// width means a signed field (two's complement). This is the DD4hep bit-field syntax.
class CellIdDecoder {
 public:
  /// @throws core::DataError saying which field of the string is wrong.
  explicit CellIdDecoder(std::string_view encoding);

  class Field {
   public:
    [[nodiscard]] std::int64_t operator()(std::uint64_t cell_id) const noexcept;

    /// Where the field lies, for those who write cell ids.
    [[nodiscard]] unsigned offset() const noexcept { return offset_; }
    [[nodiscard]] unsigned width() const noexcept { return width_; }

   private:
    friend class CellIdDecoder;
    std::string name_;
    unsigned offset_ = 0;
    unsigned width_ = 0;
    bool is_signed_ = false;
  };

  /// The field of that name, or nothing.
  [[nodiscard]] std::optional<Field> field(std::string_view name) const;

 private:
  std::vector<Field> fields_;
};

}  // namespace corpuscle::detector
