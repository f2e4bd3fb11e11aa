// Flat trees such as CMS NanoAOD: a counter `nJet` and arrays `Jet_pt[nJet]` make the collection "Jet".
// Enough to inspect them; they hold no tracks and clusters to reconstruct from.

#include <TBranch.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/root/errors.hpp"
#include "corpuscle/io/root/sources.hpp"
#include "corpuscle/io/schema.hpp"
#include "corpuscle/io/whereabouts.hpp"

namespace corpuscle::io::root {
namespace {

class FlatTreeSource final : public Source {
 public:
  FlatTreeSource(std::string const& path, std::unique_ptr<TFile> file) : file_(std::move(file)) {
    tree_ = file_->Get<TTree>("Events");
    if (!tree_)
      throw core::DataError(core::cat(path, ": the tree 'Events' cannot be read: ", take_message()));
    info_.path = path;
    info_.entries = static_cast<std::size_t>(std::max<Long64_t>(0, tree_->GetEntries()));
    bool const is_pf_nano = tree_->GetBranch("nPFCands") || tree_->GetBranch("nPFCand");
    info_.format = is_pf_nano ? "CMS NanoAOD with particle-flow candidates (PFNano)" : "flat ROOT tree";
    info_.layout = core::cat(tree_->GetListOfBranches()->GetEntriesFast(), " branches");

    for (TObject* object : *tree_->GetListOfBranches()) {
      auto& branch = *static_cast<TBranch*>(object);
      auto* leaf = static_cast<TLeaf*>(branch.GetListOfLeaves()->At(0));
      TLeaf* counter = leaf ? leaf->GetLeafCount() : nullptr;
      if (!counter) continue;
      std::string const name = counter->GetName();
      if (name.size() < 2 || name[0] != 'n') continue;
      Array& array = arrays_[name.substr(1)];
      array.counter = counter->GetBranch();
      auto const type = number_type(leaf->GetTypeName());
      std::string column = branch.GetName();
      if (column.starts_with(name.substr(1) + "_")) column.erase(0, name.size());
      if (type) array.columns.push_back({&branch, Column(column, *type)});
    }
    take_message();
  }

  FileInfo const& info() const override { return info_; }

  void read(std::size_t entry, Frame& frame, Wanted const& wanted) override {
    frame.collections.clear();
    frame.parameters.clear();
    for (auto const& [name, array] : arrays_) {
      get(*array.counter, entry);
      auto const* leaf = static_cast<TLeaf const*>(array.counter->GetListOfLeaves()->At(0));
      Collection& collection = frame.collections.emplace_back();
      collection.name = name;
      collection.type = "array";
      collection.size = static_cast<std::size_t>(std::max(0.0, leaf->GetValue()));
      if (!wanted(name, collection.type)) continue;
      for (auto const& [branch, prototype] : array.columns) {
        get(*branch, entry);
        auto const* values = static_cast<TLeaf const*>(branch->GetListOfLeaves()->At(0));
        Column& column = collection.members.emplace_back(prototype);
        std::size_t const n =
            std::min(collection.size, static_cast<std::size_t>(std::max(0, values->GetLen())));
        if (n > 0)
          std::memcpy(column.resize_values(n), values->GetValuePointer(), n * size_of(column.type()));
      }
    }
  }

 private:
  /// A counter and the arrays it counts.
  struct Array {
    TBranch* counter = nullptr;
    std::vector<std::pair<TBranch*, Column>> columns;
  };

  void get(TBranch& branch, std::size_t entry) const {
    note_whereabouts(static_cast<std::int64_t>(entry), branch.GetName());
    int const bytes = branch.GetEntry(static_cast<Long64_t>(entry));
    if (std::string const complaint = take_message(); bytes < 0 || !complaint.empty())
      throw core::DataError(
          core::cat(info_.path, ": entry ", entry, ", branch '", branch.GetName(), "': ", complaint));
  }

  std::unique_ptr<TFile> file_;
  FileInfo info_;
  TTree* tree_ = nullptr;
  std::map<std::string, Array> arrays_;  ///< by collection name
};

}  // namespace

std::unique_ptr<Source> open_flat_tree(std::string const& path, std::unique_ptr<TFile> file) {
  return std::make_unique<FlatTreeSource>(path, std::move(file));
}

}  // namespace corpuscle::io::root
