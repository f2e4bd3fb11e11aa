#include "corpuscle/runtime/window_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/reference.hpp"

namespace corpuscle::runtime {
namespace {

constexpr int n_cells = 1024;

TEST(HilbertCode, VisitsEveryCellOnceAndGoesFromNeighbourToNeighbour) {
  std::vector<int> cell_of_code(n_cells * n_cells, -1);
  for (int x = 0; x < n_cells; ++x) {
    for (int y = 0; y < n_cells; ++y) {
      // The middle of a cell, which no rounding leaves.
      double const eta = (x + 0.5) / n_cells * 8 - 4;
      double const phi = ((y + 0.5) / n_cells - 0.5) * 2 * std::numbers::pi;
      std::uint32_t const code = hilbert_code(static_cast<float>(eta), static_cast<float>(phi));
      ASSERT_LT(code, cell_of_code.size());
      ASSERT_EQ(cell_of_code[code], -1);
      cell_of_code[code] = x * n_cells + y;
    }
  }
  for (std::size_t code = 1; code < cell_of_code.size(); ++code) {
    int const dx = cell_of_code[code] / n_cells - cell_of_code[code - 1] / n_cells;
    int const dy = cell_of_code[code] % n_cells - cell_of_code[code - 1] % n_cells;
    ASSERT_EQ(std::abs(dx) + std::abs(dy), 1) << "at " << code;
  }
}

TEST(HilbertCode, PhiHasNoSeamAndFarEtaIsAtTheEdge) {
  float const pi = std::numbers::pi_v<float>;
  EXPECT_EQ(hilbert_code(0.3F, -3), hilbert_code(0.3F, -3 + 2 * pi));
  EXPECT_EQ(hilbert_code(100, 1), hilbert_code(3.999F, 1));
  EXPECT_EQ(hilbert_code(-std::numeric_limits<float>::infinity(), 1), hilbert_code(-3.999F, 1));
}

TEST(SortKey, HighEnergiesComeFirstAndWhatIsNoNumberIsNoTrouble) {
  float row[] = {2, 0, 0.5F, 0, 1};
  std::uint32_t const of_2 = sort_key(graph::SortKey::energy, row);
  row[0] = 3;
  EXPECT_LT(sort_key(graph::SortKey::energy, row), of_2);
  std::fill_n(row, 5, std::numeric_limits<float>::quiet_NaN());
  for (graph::SortKey const key :
       {graph::SortKey::place, graph::SortKey::moved_place, graph::SortKey::energy})
    EXPECT_LE(sort_key(key, row), 1U << 27);
}

class Ordered {
 public:
  Ordered(std::vector<std::uint32_t> const& lengths, std::uint32_t size, std::uint64_t seed = 3)
      : batch(lengths, 7, seed),
        rows(batch.types.size()),
        windows(most_windows(rows.size(), lengths.size(), size) + 1),
        events(windows.size()),
        keys(rows.size()) {
    make_window_order({graph::SortKey::place, size}, batch.features, 7, batch.offsets, keys.data(), view);
  }
  test::RandomBatch batch;
  std::vector<std::uint32_t> rows, windows, events;
  std::vector<std::uint64_t> keys;
  OrderView view{rows.data(), windows.data(), events.data(), 0, false};
};

TEST(WindowOrder, EventsThatFitIntoAWindowKeepTheirOrder) {
  Ordered const order({16, 0, 3, 1}, 16);
  EXPECT_FALSE(order.view.moves_rows);
  ASSERT_EQ(order.view.n_windows, 3U);
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(order.rows[i], i);
  EXPECT_EQ(std::vector(order.windows.begin(), order.windows.begin() + 4),
            (std::vector<std::uint32_t>{0, 16, 19, 20}));
  EXPECT_EQ(std::vector(order.events.begin(), order.events.begin() + 3),
            (std::vector<std::uint32_t>{0, 2, 3}));
}

TEST(WindowOrder, LongEventsAreSortedAndCutIntoEqualWindows) {
  Ordered const order({5, 100, 17}, 16);
  EXPECT_TRUE(order.view.moves_rows);
  ASSERT_EQ(order.view.n_windows, 1U + 7U + 2U);  // 100 / 7 = 14.3; 17 / 2 = 8.5
  for (std::uint32_t w = 1; w < 8; ++w) {
    std::uint32_t const length = order.windows[w + 1] - order.windows[w];
    EXPECT_TRUE(length == 14 || length == 15) << length;
    EXPECT_EQ(order.events[w], 1U);
  }
  auto const key = [&](std::uint32_t row) {
    return sort_key(graph::SortKey::place, order.batch.features.data() + std::size_t{row} * 7);
  };
  for (std::uint32_t i = 6; i < 105; ++i) EXPECT_LE(key(order.rows[i - 1]), key(order.rows[i]));
  std::vector<std::uint32_t> sorted = order.rows;
  std::sort(sorted.begin() + 5, sorted.begin() + 105);
  for (std::uint32_t i = 0; i < 105; ++i) EXPECT_EQ(sorted[i], i);
}

TEST(WindowOrder, EqualKeysKeepTheirOrder) {
  Ordered order({40}, 16);
  std::fill(order.batch.features.begin(), order.batch.features.end(), 0.25F);
  make_window_order({graph::SortKey::place, 16}, order.batch.features, 7, order.batch.offsets,
                    order.keys.data(), order.view);
  EXPECT_TRUE(std::is_sorted(order.rows.begin(), order.rows.end()));
}

TEST(LshCode, IsThePositionOfTheLargestOfTheProductsAndTheirOpposites) {
  float const z[] = {0.5F, -3, 2, 7};
  EXPECT_EQ(lsh_code(z, 4, 4), 3U);
  EXPECT_EQ(lsh_code(z, 4, 3), 4U + 1U);  // without the last, -(-3) is the largest
  EXPECT_EQ(lsh_code(z, 4, 1), 0U);
  float const equal[] = {1, -1, 1};
  EXPECT_EQ(lsh_code(equal, 3, 3), 0U);  // the first
}

TEST(LshOrder, UsesADirectionForEveryTwoBins) {
  EXPECT_EQ(lsh_directions(257, 256, 100), 1U);
  EXPECT_EQ(lsh_directions(1025, 256, 100), 2U);
  EXPECT_EQ(lsh_directions(1'000'000, 256, 100), 100U);
}

TEST(LshOrder, CutsAtEveryBinAndSortsByCodeThenRow) {
  std::vector<std::uint32_t> const offsets{0, 3, 3, 45};
  std::vector<std::uint64_t> keys(45);
  for (std::size_t i = 3; i < 45; ++i) keys[i] = (i * 7) % 5;
  std::vector<std::uint32_t> rows(45);
  std::vector<std::uint32_t> windows(most_windows(45, 3, 16) + 1);
  std::vector<std::uint32_t> events(windows.size());
  OrderView view{rows.data(), windows.data(), events.data(), 0, false};
  make_lsh_order({{}, 16}, offsets, keys.data(), view);
  ASSERT_EQ(view.n_windows, 4U);
  EXPECT_EQ(std::vector(windows.begin(), windows.begin() + 5),
            (std::vector<std::uint32_t>{0, 3, 19, 35, 45}));
  EXPECT_EQ(events[3], 2U);
  for (std::size_t i = 4; i < 45; ++i) {
    auto const place = [](std::uint32_t row) { return std::pair(row * 7 % 5, row); };
    EXPECT_LT(place(rows[i - 1]), place(rows[i]));
  }
}

}  // namespace
}  // namespace corpuscle::runtime
