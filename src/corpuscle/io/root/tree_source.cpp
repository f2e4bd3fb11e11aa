// Events in ROOT TTrees, in every layout podio has written since 2021, driven by the names and types in
// the file. Split branches are read as plain arrays ("MakeClass mode"), so no dictionary is needed and
// nothing is copied object by object.

#include <TBranchElement.h>
#include <TFile.h>
#include <TKey.h>
#include <TLeaf.h>
#include <TTree.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/io/root/basket_check.hpp"
#include "corpuscle/io/root/deduce_ids.hpp"
#include "corpuscle/io/root/errors.hpp"
#include "corpuscle/io/root/layout.hpp"
#include "corpuscle/io/root/podio_classes.hpp"
#include "corpuscle/io/root/sources.hpp"
#include "corpuscle/io/schema.hpp"
#include "corpuscle/io/whereabouts.hpp"

namespace corpuscle::io::root {
namespace {

using core::cat;
using core::DataError;

/// The file as the readers of its branches see it: knows how to complain.
struct Context {
  std::string path;
  std::size_t budget = 0;  ///< half of the file's: ROOT unpacks a basket, and we copy out of it

  [[noreturn]] void fail(std::int64_t entry, std::string_view branch, std::string_view what) const {
    throw DataError(cat(path, ": entry ", entry, ", branch '", branch, "': ", what));
  }
  /// Calls `get` on a branch and turns ROOT's errors into ours.
  template <class Get>
  void read(TBranch& branch, std::int64_t entry, Get get) const {
    note_whereabouts(entry, branch.GetName());
    if (std::string const complaint = examine_basket(branch, entry, budget / 2); !complaint.empty())
      fail(entry, branch.GetName(), complaint);
    int const bytes = get();
    if (std::string const complaint = take_message(); bytes < 0 || !complaint.empty())
      fail(entry, branch.GetName(), complaint.empty() ? "cannot be read" : complaint);
  }
};

/// Reads a `vector<struct>` branch: the number of objects, then one array per member.
class ObjectsReader {
 public:
  ObjectsReader(Context const& context, TBranch& branch)
      : context_(context), master_(dynamic_cast<TBranchElement*>(&branch)) {
    if (!master_) context_.fail(-1, branch.GetName(), "is not a split vector of objects");
    master_->SetMakeClass(true);
    master_->SetAddress(&count_);
    std::string const prefix = std::string(branch.GetName()) + ".";
    TObjArray const& members = *master_->GetListOfBranches();
    for (int k = 0; k < members.GetEntriesFast(); ++k) {
      auto* member = static_cast<TBranch*>(members.UncheckedAt(k));
      auto* leaf = static_cast<TLeaf*>(member->GetListOfLeaves()->At(0));
      if (!leaf) continue;
      std::string name = member->GetName();
      if (name.starts_with(prefix)) name.erase(0, prefix.size());
      if (auto const bracket = name.find('['); bracket != name.npos) name.erase(bracket);
      auto const type = number_type(leaf->GetTypeName());
      int const width = leaf->GetLenStatic();
      if (!type || width < 1) continue;  // a member that is no number: nothing in EDM4hep
      members_.push_back({member, Column(name, *type, static_cast<std::uint32_t>(width)), {}});
    }
  }

  std::size_t count(std::int64_t entry) {
    // Not virtual on purpose: TBranchElement::GetEntry would read all members too.
    context_.read(*master_, entry, [&] { return master_->TBranch::GetEntry(entry); });
    if (count_ < 0) context_.fail(entry, master_->GetName(), cat("claims ", count_, " objects"));
    return static_cast<std::size_t>(count_);
  }

  /// Reads the members of `n` objects (as `count` said) to the end of `out`.
  void members(std::int64_t entry, std::size_t n, std::vector<Column>& out) {
    for (Member& member : members_) {
      Column& column = out.emplace_back(member.prototype);
      if (n == 0) continue;
      std::size_t const values = n * column.width();
      std::size_t const bytes = values * size_of(column.type());
      if (bytes > context_.budget)
        context_.fail(entry, member.branch->GetName(), cat("claims ", n, " objects"));
      if (bytes > member.buffer.size()) {
        member.buffer.resize(std::max(bytes, 2 * member.buffer.size()));
        // Not virtual on purpose: TBranchElement would look into the class's layout, which ROOT mixes up
        // after files that gave one version number to different layouts.
        member.branch->TBranch::SetAddress(member.buffer.data());
      }
      // If ROOT finds fewer bytes than the count needs it reads nothing: never show the last event's.
      std::fill_n(member.buffer.begin(), bytes, std::byte{0});
      context_.read(*member.branch, entry, [&] { return member.branch->GetEntry(entry); });
      std::memcpy(column.resize_values(values), member.buffer.data(), bytes);
    }
  }

 private:
  struct Member {
    TBranch* branch;
    Column prototype;
    std::vector<std::byte> buffer;
  };
  Context const& context_;
  TBranchElement* master_;
  std::int32_t count_ = 0;
  std::vector<Member> members_;
};

/// Reads a `vector<number>` branch.
class NumbersReader {
 public:
  virtual ~NumbersReader() = default;
  virtual Column read(std::int64_t entry) = 0;
};

template <class T>
class TypedNumbersReader final : public NumbersReader {
 public:
  TypedNumbersReader(Context const& context, TBranch& branch) : context_(context), branch_(branch) {
    branch_.SetMakeClass(false);
    branch_.SetAddress(&address_);
  }
  Column read(std::int64_t entry) override {
    context_.read(branch_, entry, [&] { return branch_.GetEntry(entry); });
    if (values_.size() * sizeof(T) > context_.budget)
      context_.fail(entry, branch_.GetName(), cat("claims ", values_.size(), " values"));
    return Column::of<T>("", values_);
  }

 private:
  Context const& context_;
  TBranch& branch_;
  std::vector<T> values_;
  std::vector<T>* address_ = &values_;
};

/// Null if `element` is no number.
std::unique_ptr<NumbersReader> numbers_reader(Context const& context, TBranch& branch,
                                              std::string_view element) {
  auto const type = number_type(element);
  if (!type || *type == Scalar::boolean) return nullptr;  // vector<bool> is no array; EDM4hep has none
  return visit_scalar(*type, [&]<class T>(T) -> std::unique_ptr<NumbersReader> {
    return std::make_unique<TypedNumbersReader<T>>(context, branch);
  });
}

/// One object of a class with a dictionary, read from its own branch.
template <class T>
std::optional<T> read_object(Context const& context, TTree& tree, char const* branch_name,
                             std::int64_t entry = 0) {
  TBranch* branch = tree.GetBranch(branch_name);
  if (!branch || entry >= tree.GetEntries()) return std::nullopt;
  T value{};
  T* address = &value;
  branch->SetAddress(&address);
  context.read(*branch, entry, [&] { return branch->GetEntry(entry); });
  branch->ResetAddress();
  return value;
}

/// Parameters, in whichever way this version of podio stored them.
class ParametersReader {
 public:
  ParametersReader(Context const& context, TTree& tree) : context_(context) {
    add<int>(tree, "GPIntKeys", "GPIntValues", ints_);
    add<float>(tree, "GPFloatKeys", "GPFloatValues", floats_);
    add<double>(tree, "GPDoubleKeys", "GPDoubleValues", doubles_);
    add<std::string>(tree, "GPStringKeys", "GPStringValues", strings_);
    if (TBranch* branch = tree.GetBranch("PARAMETERS")) {
      map_branch_ = branch;
      branch->SetMakeClass(false);
      branch->SetAddress(&map_address_);
    }
  }

  void read(std::int64_t entry, Parameters& out) {
    fetch(entry, ints_, out);
    fetch(entry, floats_, out);
    fetch(entry, doubles_, out);
    fetch(entry, strings_, out);
    if (map_branch_) {
      context_.read(*map_branch_, entry, [&] { return map_branch_->GetEntry(entry); });
      append(map_, out);
    }
  }

  static void append(podio::GenericParameters const& from, Parameters& out) {
    for (auto const& [key, value] : from._intMap) out[key] = value;
    for (auto const& [key, value] : from._floatMap) out[key] = value;
    for (auto const& [key, value] : from._doubleMap) out[key] = value;
    for (auto const& [key, value] : from._stringMap) out[key] = value;
  }

 private:
  template <class T>
  struct Pairs {
    std::vector<std::string> keys;
    std::vector<std::vector<T>> values;
    std::vector<std::string>* keys_address = &keys;
    std::vector<std::vector<T>>* values_address = &values;
    TBranch* keys_branch = nullptr;
    TBranch* values_branch = nullptr;
  };

  template <class T>
  static void add(TTree& tree, char const* keys, char const* values, Pairs<T>& pairs) {
    pairs.keys_branch = tree.GetBranch(keys);
    pairs.values_branch = tree.GetBranch(values);
    if (!pairs.keys_branch || !pairs.values_branch) return;
    pairs.keys_branch->SetMakeClass(false);
    pairs.values_branch->SetMakeClass(false);
    pairs.keys_branch->SetAddress(&pairs.keys_address);
    pairs.values_branch->SetAddress(&pairs.values_address);
  }

  template <class T>
  void fetch(std::int64_t entry, Pairs<T>& pairs, Parameters& out) {
    if (!pairs.keys_branch || !pairs.values_branch) return;
    context_.read(*pairs.keys_branch, entry, [&] { return pairs.keys_branch->GetEntry(entry); });
    context_.read(*pairs.values_branch, entry, [&] { return pairs.values_branch->GetEntry(entry); });
    if (pairs.keys.size() != pairs.values.size())
      context_.fail(entry, pairs.keys_branch->GetName(),
                    cat(pairs.keys.size(), " keys but ", pairs.values.size(), " values"));
    for (std::size_t k = 0; k < pairs.keys.size(); ++k) out[pairs.keys[k]] = pairs.values[k];
  }

  Context const& context_;
  Pairs<int> ints_;
  Pairs<float> floats_;
  Pairs<double> doubles_;
  Pairs<std::string> strings_;
  podio::GenericParameters map_;
  podio::GenericParameters* map_address_ = &map_;
  TBranch* map_branch_ = nullptr;
};

/// Members of the objects in a branch that start a range, without "_begin".
std::vector<std::string> ranges(TBranch& branch) {
  std::vector<std::string> names;
  std::string const prefix = std::string(branch.GetName()) + ".";
  TObjArray const& members = *branch.GetListOfBranches();
  for (int k = 0; k < members.GetEntriesFast(); ++k) {
    std::string name = members.UncheckedAt(k)->GetName();
    if (name.starts_with(prefix) && name.ends_with("_begin"))
      names.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 6));
  }
  return names;
}

std::string spell(podio::version::Version const& version) {
  return cat(version.major, ".", version.minor, ".", version.patch);
}

class TreeSource final : public Source {
 public:
  TreeSource(std::string const& path, std::unique_ptr<TFile> file)
      : context_{path, memory_budget(size_of_file(path)) / 2}, file_(std::move(file)) {
    info_.path = path;
    info_.format = "EDM4hep TTree";
    tree_ = file_->Get<TTree>("events");
    if (!tree_) throw DataError(cat(path, ": the tree 'events' cannot be read: ", take_message()));
    info_.entries = static_cast<std::size_t>(std::max<Long64_t>(0, tree_->GetEntries()));

    // The tree too must know, or ROOT takes the count of a branch for a pointer to its objects.
    tree_->SetMakeClass(1);
    std::vector<TopLevel> branches;
    TObjArray const& list = *tree_->GetListOfBranches();
    for (int k = 0; k < list.GetEntriesFast(); ++k) {
      auto* branch = static_cast<TBranch*>(list.UncheckedAt(k));
      branches.push_back({branch->GetName(), branch->GetClassName(), ranges(*branch)});
    }
    auto const types = read_metadata();
    plans_ = plan_collections(branches, types);
    readers_.resize(plans_.size());
    parameters_.emplace(context_, *tree_);
    take_message();
    templates_ = empty_collections(plans_);
    if (types.empty()) deduce_missing_ids();
  }

  FileInfo const& info() const override { return info_; }

  std::vector<Collection> collections() override { return templates_; }

  void read(std::size_t entry, Frame& frame, Wanted const& wanted) override {
    if (entry >= info_.entries)
      throw DataError(cat(info_.path, ": entry ", entry, " is beyond the last, ", info_.entries, " in all"));
    auto const row = static_cast<std::int64_t>(entry);
    if (tree_->LoadTree(row) < 0) context_.fail(row, "events", take_message());
    frame.collections.clear();
    frame.parameters.clear();
    for (std::size_t k = 0; k < plans_.size(); ++k)
      frame.collections.push_back(read_collection(k, row, wanted));
    parameters_->read(row, frame.parameters);
  }

 private:
  /// Readers for the branches of one collection, made when it is first wanted.
  struct Readers {
    std::unique_ptr<ObjectsReader> data;
    std::unique_ptr<NumbersReader> user_data;
    std::vector<std::unique_ptr<ObjectsReader>> relations;
    struct Vector {
      std::unique_ptr<ObjectsReader> objects;
      std::unique_ptr<NumbersReader> numbers;
    };
    std::vector<Vector> vectors;
    bool has_parts = false;
  };

  TBranch& branch(std::string const& name) {
    TBranch* found = tree_->GetBranch(name.c_str());
    if (!found) context_.fail(-1, name, "has vanished");
    return *found;
  }

  Readers& readers(std::size_t k, bool with_parts) {
    CollectionPlan const& plan = plans_[k];
    Readers& r = readers_[k];
    if (!r.data && !r.user_data) {
      TBranch& data = branch(plan.data);
      r.user_data = numbers_reader(context_, data, plan.type);
      if (!r.user_data) r.data = std::make_unique<ObjectsReader>(context_, data);
    }
    if (with_parts && !r.has_parts) {
      for (Part const& part : plan.relations)
        r.relations.push_back(std::make_unique<ObjectsReader>(context_, branch(part.branch)));
      for (Part const& part : plan.vectors) {
        auto& vector = r.vectors.emplace_back();
        vector.numbers = numbers_reader(context_, branch(part.branch), part.element_type);
        if (!vector.numbers) vector.objects = std::make_unique<ObjectsReader>(context_, branch(part.branch));
      }
      r.has_parts = true;
    }
    return r;
  }

  void read_relation(ObjectsReader& reader, std::int64_t entry, std::string const& name, Collection& out) {
    std::vector<Column> columns;
    std::size_t const n = reader.count(entry);
    reader.members(entry, n, columns);
    Relation& relation = out.relations.emplace_back();
    relation.name = name;
    relation.targets = references(columns);
  }

  Collection read_collection(std::size_t k, std::int64_t entry, Wanted const& wanted) {
    CollectionPlan const& plan = plans_[k];
    Collection out = templates_[k];
    bool const is_wanted = wanted(out.name, out.type);
    Readers& r = readers(k, is_wanted);
    if (r.user_data) {
      Column values = r.user_data->read(entry);
      out.size = values.rows();
      if (is_wanted) {
        values.rename("value");
        out.members.push_back(std::move(values));
      }
      return out;
    }
    out.size = r.data->count(entry);
    if (is_wanted && plan.is_subset) read_relation(*r.data, entry, "objects", out);
    if (!is_wanted || plan.is_subset) return out;
    r.data->members(entry, out.size, out.members);
    for (std::size_t part = 0; part < plan.relations.size(); ++part)
      read_relation(*r.relations[part], entry, plan.relations[part].name, out);
    for (std::size_t part = 0; part < plan.vectors.size(); ++part) {
      VectorMember& vector = out.vectors.emplace_back();
      vector.name = plan.vectors[part].name;
      vector.element_type = plan.vectors[part].element_type;
      if (auto& numbers = r.vectors[part].numbers)
        vector.columns.push_back(numbers->read(entry));
      else {
        ObjectsReader& objects = *r.vectors[part].objects;
        objects.members(entry, objects.count(entry), vector.columns);
      }
    }
    out.type = plan.type;
    upgrade(out);
    return out;
  }

  /// For files without any podio metadata.
  void deduce_missing_ids() {
    constexpr std::size_t enough = 20;
    std::vector<Frame> events(std::min(enough, info_.entries));
    try {
      for (std::size_t entry = 0; entry < events.size(); ++entry) read(entry, events[entry], everything);
    } catch (DataError const&) {
      return;  // whoever reads this entry will hear of it
    }
    auto const ids = deduce_ids(events);
    for (CollectionPlan& plan : plans_)
      if (auto const found = ids.find(plan.name); found != ids.end()) plan.id = found->second;
    // A subset has the type of what it refers to.
    for (Frame const& event : events)
      for (Collection const& subset : event.collections) {
        if (!subset.is_subset || subset.relations.empty() || subset.relations[0].targets.empty()) continue;
        auto const has_id = [&](CollectionPlan const& plan) {
          return plan.id != 0 && plan.id == subset.relations[0].targets[0].collection;
        };
        auto const owner = std::find_if(plans_.begin(), plans_.end(), has_id);
        auto const named = [&](CollectionPlan const& plan) { return plan.name == subset.name; };
        if (owner != plans_.end()) std::find_if(plans_.begin(), plans_.end(), named)->type = owner->type;
      }
    for (CollectionPlan& plan : plans_)
      if (plan.id == 0) plan.id = collection_id(plan.name);
    templates_ = empty_collections(plans_);
  }

  /// Versions, collection ids and types, and parameters of the file: all optional.
  std::map<std::string, CollectionType> read_metadata() {
    std::map<std::string, CollectionType> types;
    if (auto* tree = file_->Get<TTree>("podio_metadata")) {
      if (auto const version = read_object<podio::version::Version>(context_, *tree, "PodioBuildVersion"))
        info_.layout = "podio " + spell(*version);
      if (auto const version = read_object<podio::version::Version>(context_, *tree, "edm4hep___Version"))
        info_.schema = "EDM4hep " + spell(*version);
      read_types(*tree, "events___CollectionTypeInfo", "events___idTable", types);
      if (auto* parameters = file_->Get<TTree>("metadata"); parameters && parameters->GetEntries() > 0)
        ParametersReader(context_, *parameters).read(0, info_.metadata);
      info_.detector = detector_in(info_.metadata);
    } else {
      info_.layout = "podio legacy (Coll#0)";
      if (auto* metadata = file_->Get<TTree>("metadata")) {
        read_types(*metadata, "CollectionTypeInfo", "CollectionIDs", types);
        if (auto const version = read_object<podio::version::Version>(context_, *metadata, "PodioVersion"))
          info_.layout = "podio " + spell(*version) + " (Coll#0)";
      }
      if (auto* collections = file_->Get<TTree>("col_metadata")) {
        auto const per_collection =
            read_object<std::map<int, podio::GenericParameters>>(context_, *collections, "colMD");
        for (auto const& [name, type] : types) {
          if (!per_collection) break;
          auto const found = per_collection->find(static_cast<int>(type.id));
          if (found == per_collection->end()) continue;
          Parameters parameters;
          ParametersReader::append(found->second, parameters);
          for (auto& [key, value] : parameters)
            info_.metadata[cat(name, "__", key == "CellIDEncodingString" ? "CellIDEncoding" : key)] =
                std::move(value);
        }
      }
    }
    return types;
  }

  void read_types(TTree& tree, char const* info_branch, char const* id_branch,
                  std::map<std::string, CollectionType>& types) {
    std::map<std::uint32_t, std::string> names;
    if (auto const table = read_object<podio::CollectionIDTable>(context_, tree, id_branch))
      for (std::size_t k = 0; k < std::min(table->m_names.size(), table->m_collectionIDs.size()); ++k) {
        names[table->m_collectionIDs[k]] = table->m_names[k];
        types[table->m_names[k]].id = table->m_collectionIDs[k];
      }
    TBranch* branch = tree.GetBranch(info_branch);
    if (!branch) return;
    std::string const class_name = branch->GetClassName();
    if (class_name.find("CollectionWriteInfo") != class_name.npos) {
      if (auto const list =
              read_object<std::vector<podio::root_utils::CollectionWriteInfo>>(context_, tree, info_branch))
        for (auto const& item : *list)
          types[item.name] = {item.collectionID, object_type(item.dataType), item.isSubset};
    } else if (class_name.find("bool,unsigned int") != class_name.npos) {
      if (auto const list =
              read_object<std::vector<std::tuple<unsigned int, std::string, bool, unsigned int>>>(
                  context_, tree, info_branch))
        for (auto const& [id, type, is_subset, version] : *list)
          types[names[id]] = {id, object_type(type), is_subset};
    } else {
      if (auto const list = read_object<std::vector<std::tuple<unsigned int, std::string, bool>>>(
              context_, tree, info_branch))
        for (auto const& [id, type, is_subset] : *list) types[names[id]] = {id, object_type(type), is_subset};
    }
  }

  Context context_;
  std::unique_ptr<TFile> file_;
  FileInfo info_;
  TTree* tree_ = nullptr;  ///< owned by the file
  std::vector<CollectionPlan> plans_;
  std::vector<Collection> templates_;  ///< one per plan, without contents
  std::vector<Readers> readers_;
  std::optional<ParametersReader> parameters_;
};

}  // namespace

std::unique_ptr<Source> open_tree(std::string const& path, std::unique_ptr<TFile> file) {
  return std::make_unique<TreeSource>(path, std::move(file));
}

}  // namespace corpuscle::io::root
