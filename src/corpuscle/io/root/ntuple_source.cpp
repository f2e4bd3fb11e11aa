// Events in ROOT RNTuples, as podio 1.x writes them. The members of a collection are read column by
// column through views of the leaf fields, so that, as for trees, the names and types of the file rule.

#include <TFile.h>

#include <ROOT/RNTuple.hxx>
#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RNTupleView.hxx>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/memory_budget.hpp"
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
using ROOT::RNTupleLocalIndex;
using ROOT::RNTupleLocalRange;

/// Fills one column from the elements of a range.
class LeafReader {
 public:
  virtual ~LeafReader() = default;
  virtual void read(RNTupleLocalRange const& range, Column& out) = 0;
};

/// Derives from a view to reach what the view itself hides: all values of a page at once.
template <class T>
class TypedLeafReader final : public LeafReader, private ROOT::RNTupleDirectAccessView<T> {
 public:
  TypedLeafReader(ROOT::RNTupleReader& reader, std::string const& field)
      : ROOT::RNTupleDirectAccessView<T>(reader.GetDirectAccessView<T>(field)) {}

  void read(RNTupleLocalRange const& range, Column& out) override {
    if (range.size() == 0) return;
    std::size_t const n = range.size() * out.width();
    std::byte* const storage = out.resize_values(n);
    RNTupleLocalIndex const first = *range.begin();
    ROOT::NTupleSize_t in_page = 0;
    for (std::size_t k = 0; k < n; k += in_page) {
      T const* const values = this->fField.MapV(
          RNTupleLocalIndex(first.GetClusterId(), first.GetIndexInCluster() * out.width() + k), in_page);
      in_page = std::min<ROOT::NTupleSize_t>(in_page, n - k);
      std::memcpy(storage + k * sizeof(T), values, in_page * sizeof(T));
    }
  }
};

/// Reads a field `vector<struct>` or `vector<number>`.
class ObjectsReader {
 public:
  ObjectsReader(ROOT::RNTupleReader& reader, std::string const& field)
      : collection_(reader.GetCollectionView(field)) {
    auto const& descriptor = reader.GetDescriptor();
    auto const id = descriptor.FindFieldId(field);
    for (auto const& element : descriptor.GetFieldIterable(id))
      add_leaves(reader, descriptor, element.GetId(), field + "." + element.GetFieldName(), "", 1);
  }

  RNTupleLocalRange range(std::size_t entry) { return collection_.GetCollectionRange(entry); }

  void members(RNTupleLocalRange const& range, std::vector<Column>& out) {
    for (auto const& [prototype, leaf] : leaves_) leaf->read(range, out.emplace_back(prototype));
  }

 private:
  void add_leaves(ROOT::RNTupleReader& reader, ROOT::RNTupleDescriptor const& descriptor,
                  ROOT::DescriptorId_t id, std::string const& path, std::string const& name,
                  std::uint32_t width) {
    auto const& field = descriptor.GetFieldDescriptor(id);
    if (auto const scalar = number_type(field.GetTypeName())) {
      visit_scalar(*scalar, [&]<class T>(T) {
        if (*scalar == Scalar::boolean)
          leaves_.emplace_back(Column(name, *scalar, width),
                               std::make_unique<TypedLeafReader<bool>>(reader, path));
        else
          leaves_.emplace_back(Column(name, *scalar, width),
                               std::make_unique<TypedLeafReader<T>>(reader, path));
      });
      return;
    }
    bool const is_array = field.GetNRepetitions() > 0;
    for (auto const& child : descriptor.GetFieldIterable(id)) {
      std::string const child_name =
          is_array ? name : (name.empty() ? "" : name + ".") + child.GetFieldName();
      add_leaves(reader, descriptor, child.GetId(), path + "." + child.GetFieldName(), child_name,
                 is_array ? width * static_cast<std::uint32_t>(field.GetNRepetitions()) : width);
    }
  }

  ROOT::RNTupleCollectionView collection_;
  std::vector<std::pair<Column, std::unique_ptr<LeafReader>>> leaves_;
};

/// podio stores a version as three numbers in an RNTuple (as a struct in a TTree).
std::string read_version(ROOT::RNTupleReader& reader, char const* field) {
  auto view = reader.GetView<std::vector<std::uint16_t>>(field);
  std::string text;
  for (std::uint16_t part : view(0)) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

/// Reads the parameters of an entry. Kept with its views, which hold the pages they have unpacked.
class ParametersReader {
 public:
  explicit ParametersReader(ROOT::RNTupleReader& reader)
      : ints_(reader, "Int"),
        floats_(reader, "Float"),
        doubles_(reader, "Double"),
        strings_(reader, "String") {}

  void read(std::size_t entry, Parameters& out) {
    ints_.read(entry, out);
    floats_.read(entry, out);
    doubles_.read(entry, out);
    strings_.read(entry, out);
  }

 private:
  template <class T>
  struct Pairs {
    Pairs(ROOT::RNTupleReader& reader, std::string const& kind) {
      if (reader.GetDescriptor().FindFieldId("GP" + kind + "Keys") == ROOT::kInvalidDescriptorId) return;
      keys.emplace(reader.GetView<std::vector<std::string>>("GP" + kind + "Keys"));
      values.emplace(reader.GetView<std::vector<std::vector<T>>>("GP" + kind + "Values"));
    }
    void read(std::size_t entry, Parameters& out) {
      if (!keys) return;
      auto const& names = (*keys)(entry);
      auto const& lists = (*values)(entry);
      for (std::size_t k = 0; k < std::min(names.size(), lists.size()); ++k) out[names[k]] = lists[k];
    }
    std::optional<ROOT::RNTupleView<std::vector<std::string>>> keys;
    std::optional<ROOT::RNTupleView<std::vector<std::vector<T>>>> values;
  };

  Pairs<std::int32_t> ints_;
  Pairs<float> floats_;
  Pairs<double> doubles_;
  Pairs<std::string> strings_;
};

class NtupleSource final : public Source {
 public:
  NtupleSource(std::string const& path, std::unique_ptr<TFile> file)
      : file_(std::move(file)), budget_(memory_budget(size_of_file(path))) {
    info_.path = path;
    info_.format = "EDM4hep RNTuple";
    guarded("events", -1, [&] {
      reader_ = open("events");
      if (!reader_) throw DataError(cat(path, ": the RNTuple 'events' cannot be read: ", take_message()));
      info_.entries = reader_->GetNEntries();
      auto const types = read_metadata();
      std::vector<TopLevel> fields;
      for (auto const& field : reader_->GetDescriptor().GetTopLevelFields())
        fields.push_back({field.GetFieldName(), field.GetTypeName(), {}});
      plans_ = plan_collections(fields, types);
      templates_ = empty_collections(plans_);
      readers_.resize(plans_.size());
    });
  }

  FileInfo const& info() const override { return info_; }

  std::vector<Collection> collections() override { return templates_; }

  void read(std::size_t entry, Frame& frame, Wanted const& wanted) override {
    if (entry >= info_.entries)
      throw DataError(cat(info_.path, ": entry ", entry, " is beyond the last, ", info_.entries, " in all"));
    frame.collections.clear();
    frame.parameters.clear();
    for (std::size_t k = 0; k < plans_.size(); ++k)
      guarded(plans_[k].name, static_cast<std::int64_t>(entry),
              [&] { frame.collections.push_back(read_collection(k, entry, wanted)); });
    guarded("GP*", static_cast<std::int64_t>(entry), [&] {
      if (!parameters_) parameters_.emplace(*reader_);
      parameters_->read(entry, frame.parameters);
    });
  }

 private:
  std::unique_ptr<ROOT::RNTupleReader> open(char const* name) {
    std::unique_ptr<ROOT::RNTuple> const anchor(
        file_->Get<ROOT::RNTuple>(name));  // no TObject: ours to delete
    return anchor ? ROOT::RNTupleReader::Open(*anchor) : nullptr;
  }

  /// Calls `work` and turns what ROOT throws into an error that names the place.
  template <class Work>
  void guarded(std::string const& field, std::int64_t entry, Work work) {
    note_whereabouts(entry, field);
    try {
      work();
    } catch (core::Error const&) {
      throw;
    } catch (std::exception const& error) {
      throw DataError(cat(info_.path, ": entry ", entry, ", field '", field, "': ", error.what()));
    }
    if (std::string const complaint = take_message(); !complaint.empty())
      throw DataError(cat(info_.path, ": entry ", entry, ", field '", field, "': ", complaint));
  }

  struct Readers {
    std::unique_ptr<ObjectsReader> data;
    std::vector<std::unique_ptr<ObjectsReader>> relations, vectors;
    bool has_parts = false;
  };

  RNTupleLocalRange checked_range(ObjectsReader& reader, std::size_t entry) {
    auto const range = reader.range(entry);
    if (range.size() > budget_) throw DataError(cat("claims ", range.size(), " objects"));
    return range;
  }

  Collection read_collection(std::size_t k, std::size_t entry, Wanted const& wanted) {
    CollectionPlan const& plan = plans_[k];
    Readers& r = readers_[k];
    if (!r.data) r.data = std::make_unique<ObjectsReader>(*reader_, plan.data);
    Collection out = templates_[k];
    auto const range = checked_range(*r.data, entry);
    out.size = range.size();
    bool const is_wanted = wanted(out.name, out.type);
    if (is_wanted && plan.is_subset) read_relation(*r.data, entry, "objects", out);
    if (!is_wanted || plan.is_subset) return out;
    if (!r.has_parts) {
      for (Part const& part : plan.relations)
        r.relations.push_back(std::make_unique<ObjectsReader>(*reader_, part.branch));
      for (Part const& part : plan.vectors)
        r.vectors.push_back(std::make_unique<ObjectsReader>(*reader_, part.branch));
      r.has_parts = true;
    }
    r.data->members(range, out.members);
    if (out.members.size() == 1 && out.members[0].name().empty()) out.members[0].rename("value");
    for (std::size_t part = 0; part < plan.relations.size(); ++part)
      read_relation(*r.relations[part], entry, plan.relations[part].name, out);
    for (std::size_t part = 0; part < plan.vectors.size(); ++part) {
      VectorMember& vector = out.vectors.emplace_back();
      vector.name = plan.vectors[part].name;
      vector.element_type = plan.vectors[part].element_type;
      r.vectors[part]->members(checked_range(*r.vectors[part], entry), vector.columns);
    }
    out.type = plan.type;
    upgrade(out);
    return out;
  }

  void read_relation(ObjectsReader& reader, std::size_t entry, std::string const& name, Collection& out) {
    std::vector<Column> columns;
    auto const range = checked_range(reader, entry);
    reader.members(range, columns);
    Relation& relation = out.relations.emplace_back();
    relation.name = name;
    relation.targets = references(columns);
  }

  std::map<std::string, CollectionType> read_metadata() {
    std::map<std::string, CollectionType> types;
    if (auto metadata = open("podio_metadata")) {
      auto const& descriptor = metadata->GetDescriptor();
      auto const has = [&](char const* field) {
        return descriptor.FindFieldId(field) != ROOT::kInvalidDescriptorId;
      };
      if (has("PodioBuildVersion")) info_.layout = "podio " + read_version(*metadata, "PodioBuildVersion");
      if (has("edm4hep___Version")) info_.schema = "EDM4hep " + read_version(*metadata, "edm4hep___Version");
      if (has("events___CollectionTypeInfo")) {
        auto view = metadata->GetView<std::vector<podio::root_utils::CollectionWriteInfo>>(
            "events___CollectionTypeInfo");
        for (auto const& item : view(0))
          types[item.name] = {item.collectionID, object_type(item.dataType), item.isSubset};
      }
    }
    if (auto metadata = open("metadata"); metadata && metadata->GetNEntries() > 0)
      ParametersReader(*metadata).read(0, info_.metadata);
    info_.detector = detector_in(info_.metadata);
    take_message();
    return types;
  }

  std::unique_ptr<TFile> file_;
  std::size_t budget_;
  FileInfo info_;
  std::unique_ptr<ROOT::RNTupleReader> reader_;
  std::vector<CollectionPlan> plans_;
  std::vector<Collection> templates_;  ///< one per plan, without contents
  std::vector<Readers> readers_;
  std::optional<ParametersReader> parameters_;
};

}  // namespace

std::unique_ptr<Source> open_ntuple(std::string const& path, std::unique_ptr<TFile> file) {
  return std::make_unique<NtupleSource>(path, std::move(file));
}

}  // namespace corpuscle::io::root
