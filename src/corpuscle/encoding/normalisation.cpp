#include "corpuscle/encoding/normalisation.hpp"

#include <cmath>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::encoding {

NormalisationSums::NormalisationSums(Schema const& schema) : schema_(schema) {
  for (ElementColumns const& element : schema.elements) {
    std::size_t const n = element.columns.size();
    sums_.push_back({0, std::vector<double>(n), std::vector<double>(n)});
  }
}

void NormalisationSums::add(Elements const& elements) {
  add(elements.features, elements.types);
}

void NormalisationSums::add(std::span<float const> features, std::span<ElementType const> types) {
  std::size_t const width = schema_.width();
  CORPUSCLE_EXPECT(features.size() == width * types.size());
  Sums* of_type[n_element_types] = {};
  for (std::size_t k = 0; k < sums_.size(); ++k)
    of_type[static_cast<std::size_t>(schema_.elements[k].type)] = &sums_[k];
  for (std::size_t i = 0; i < types.size(); ++i) {
    Sums* const sums = of_type[static_cast<std::size_t>(types[i])];
    CORPUSCLE_EXPECT(sums != nullptr);
    float const* row = features.data() + i * width;
    double const weight = 1 / static_cast<double>(++sums->rows);
    for (std::size_t k = 0; k < sums->mean.size(); ++k) {
      double const distance = row[k] - sums->mean[k];
      sums->mean[k] += distance * weight;
      sums->square[k] += distance * (row[k] - sums->mean[k]);
    }
  }
}

void NormalisationSums::merge(NormalisationSums const& other) {
  CORPUSCLE_EXPECT(other.schema_ == schema_);
  for (std::size_t t = 0; t < sums_.size(); ++t) {
    Sums& a = sums_[t];
    Sums const& b = other.sums_[t];
    if (b.rows == 0) continue;
    auto const n_a = static_cast<double>(a.rows);
    auto const n_b = static_cast<double>(b.rows);
    for (std::size_t k = 0; k < a.mean.size(); ++k) {
      double const distance = b.mean[k] - a.mean[k];
      a.mean[k] += distance * (n_b / (n_a + n_b));
      a.square[k] += b.square[k] + distance * distance * (n_a * n_b / (n_a + n_b));
    }
    a.rows += b.rows;
  }
}

Normalisation NormalisationSums::result() const {
  /// Features are floats: a spread below this part of the mean is rounding.
  constexpr double rounding = 1e-6;
  Normalisation result{schema_.name, {}};
  for (std::size_t t = 0; t < sums_.size(); ++t) {
    Sums const& sums = sums_[t];
    auto const& columns = schema_.elements[t].columns;
    Normalisation::OfType of_type{schema_.elements[t].type, sums.rows, sums.mean,
                                  std::vector<double>(columns.size(), 1.)};
    for (std::size_t k = 0; k < columns.size(); ++k) {
      if (columns[k].transform == Transform::code) {
        of_type.mean[k] = 0;
        continue;
      }
      if (sums.rows == 0) continue;
      double const deviation = std::sqrt(sums.square[k] / static_cast<double>(sums.rows));
      if (deviation > rounding * std::abs(sums.mean[k])) of_type.deviation[k] = deviation;
    }
    result.types.push_back(std::move(of_type));
  }
  return result;
}

Normaliser::Normaliser(Normalisation const& normalisation, Schema const& schema)
    : width_(schema.width()), mean_(n_element_types * width_), inverse_(n_element_types * width_) {
  if (normalisation.schema != schema.name)
    throw core::ConfigError(core::cat("the normalisation is for the schema '", normalisation.schema,
                                      "', the features are those of '", schema.name, "'"));
  for (Normalisation::OfType const& of_type : normalisation.types) {
    auto const* columns = schema.columns(of_type.type);
    if (columns == nullptr || columns->size() != of_type.mean.size() ||
        columns->size() != of_type.deviation.size())
      throw core::ConfigError(core::cat("the normalisation of the type '", name(of_type.type), "' has ",
                                        of_type.mean.size(), " columns, the schema '", schema.name, "' has ",
                                        columns == nullptr ? 0 : columns->size()));
    std::size_t const first = static_cast<std::size_t>(of_type.type) * width_;
    for (std::size_t k = 0; k < columns->size(); ++k) {
      mean_[first + k] = static_cast<float>(of_type.mean[k]);
      inverse_[first + k] = static_cast<float>(1 / of_type.deviation[k]);
    }
  }
}

void Normaliser::operator()(std::span<float> features, std::span<ElementType const> types) const {
  CORPUSCLE_EXPECT(features.size() == width_ * types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    float* const row = features.data() + i * width_;
    std::size_t const first = static_cast<std::size_t>(types[i]) * width_;
    for (std::size_t k = 0; k < width_; ++k) row[k] = (row[k] - mean_[first + k]) * inverse_[first + k];
  }
}

}  // namespace corpuscle::encoding
