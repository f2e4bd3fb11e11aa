#include "corpuscle/tune/svr.hpp"

#include <libsvm/svm.h>

#include <cstddef>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {
namespace {

/// 1 / (features * variance of all entries), and 1 / features if they are all the same.
double gamma_for(std::span<Row const> x) {
  double const n = static_cast<double>(x.size() * x[0].size());
  double mean = 0;
  for (Row const& row : x)
    for (double const value : row) mean += value / n;
  double variance = 0;
  for (Row const& row : x)
    for (double const value : row) variance += (value - mean) * (value - mean) / n;
  return 1 / (static_cast<double>(x[0].size()) * (variance > 0 ? variance : 1));
}

/// Indices count from 1, and -1 ends a row.
std::vector<svm_node> nodes_of(std::span<double const> x) {
  std::vector<svm_node> nodes;
  nodes.reserve(x.size() + 1);
  for (double const value : x) nodes.push_back({static_cast<int>(nodes.size()) + 1, value});
  nodes.push_back({-1, 0});
  return nodes;
}

struct Deleter {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

}  // namespace

struct Svr::Model {
  std::vector<std::vector<svm_node>> x;  // the trained model points into it
  std::unique_ptr<svm_model, Deleter> trained;
};

Svr::Svr(SvrConfig config) : config_(config) {
  CORPUSCLE_EXPECT(config.C > 0 && config.nu > 0 && config.nu <= 1 && config.epsilon >= 0 &&
                   config.gamma.value_or(1) > 0);
}

Svr::~Svr() = default;

void Svr::fit(std::span<Row const> x, std::span<double const> y) {
  CORPUSCLE_EXPECT(!x.empty() && !x[0].empty() && x.size() == y.size());
  // libsvm prints its progress; the pointer is global, and set once for all threads.
  static bool const silent = [] {
    svm_set_print_string_function([](char const*) {});
    return true;
  }();
  static_cast<void>(silent);

  auto model = std::make_unique<Model>();
  std::vector<svm_node*> rows;
  for (Row const& row : x) model->x.push_back(nodes_of(row));
  for (std::vector<svm_node>& row : model->x) rows.push_back(row.data());
  std::vector<double> targets(y.begin(), y.end());
  svm_problem const problem{static_cast<int>(x.size()), targets.data(), rows.data()};

  svm_parameter parameter{};
  parameter.svm_type = config_.type == SvrType::nu ? NU_SVR : EPSILON_SVR;
  parameter.kernel_type = RBF;
  parameter.gamma = config_.gamma ? *config_.gamma : gamma_for(x);
  parameter.C = config_.C;
  parameter.nu = config_.nu;
  parameter.p = config_.epsilon;
  parameter.eps = 1e-3;       // tolerance of the optimality conditions: libsvm's and scikit-learn's default
  parameter.cache_size = 40;  // MB
  parameter.shrinking = 1;
  model->trained.reset(svm_train(&problem, &parameter));
  model_ = std::move(model);
}

double Svr::predict(std::span<double const> x) const {
  CORPUSCLE_EXPECT(model_ != nullptr && x.size() + 1 == model_->x.front().size());
  std::vector<svm_node> const nodes = nodes_of(x);
  return svm_predict(model_->trained.get(), nodes.data());
}

}  // namespace corpuscle::tune
