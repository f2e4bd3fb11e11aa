// Flat trees such as CMS NanoAOD: a counter `nJet` and arrays `Jet_pt[nJet]` make the collection "Jet".
// Enough to inspect them; they hold no tracks and clusters to reconstruct from.

#include <TBranch.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>

#include <algorithm>
#include <map>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/root/errors.hpp"
#include "corpuscle/io/root/sources.hpp"
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
      if (name.size() > 1 && name[0] == 'n') counters_.emplace(name.substr(1), counter->GetBranch());
    }
    take_message();
  }

  FileInfo const& info() const override { return info_; }

  void read(std::size_t entry, Frame& frame, Wanted const&) override {
    frame.collections.clear();
    frame.parameters.clear();
    for (auto const& [name, branch] : counters_) {
      note_whereabouts(static_cast<std::int64_t>(entry), name);
      int const bytes = branch->GetEntry(static_cast<Long64_t>(entry));
      if (std::string const complaint = take_message(); bytes <= 0 || !complaint.empty())
        throw core::DataError(
            core::cat(info_.path, ": entry ", entry, ", branch 'n", name, "': ", complaint));
      auto const* leaf = static_cast<TLeaf const*>(branch->GetListOfLeaves()->At(0));
      Collection& collection = frame.collections.emplace_back();
      collection.name = name;
      collection.type = "array";
      collection.size = static_cast<std::size_t>(std::max(0.0, leaf->GetValue()));
    }
  }

 private:
  std::unique_ptr<TFile> file_;
  FileInfo info_;
  TTree* tree_ = nullptr;
  std::map<std::string, TBranch*> counters_;  ///< by collection name
};

}  // namespace

std::unique_ptr<Source> open_flat_tree(std::string const& path, std::unique_ptr<TFile> file) {
  return std::make_unique<FlatTreeSource>(path, std::move(file));
}

}  // namespace corpuscle::io::root
