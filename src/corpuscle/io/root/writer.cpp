// Writes EDM4hep 1.x files with the branches, types and metadata that podio 1.7 writes.

#include <TBranch.h>
#include <TFile.h>
#include <TFileMerger.h>
#include <TMemFile.h>
#include <TTree.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ROOT/REntry.hxx>
#include <ROOT/RField.hxx>
#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleWriteOptions.hxx>
#include <ROOT/RNTupleWriter.hxx>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <tuple>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/root/columns_to_objects.hpp"
#include "corpuscle/io/root/errors.hpp"
#include "corpuscle/io/root/plugin.hpp"
#include "corpuscle/io/root/podio_classes.hpp"
#include "corpuscle/io/schema.hpp"

namespace corpuscle::io::root {
namespace {

using core::cat;

constexpr podio::version::Version podio_version{1, 7, 0};
constexpr podio::version::Version edm4hep_version{1, 0, 0};
constexpr unsigned edm4hep_schema_version = 6;
constexpr int zstd_level_5 = 505;

bool is_link(std::string const& type) {
  return type.starts_with("podio::Link<");
}
bool is_object(std::string const& type) {
  return type.starts_with("edm4hep::");
}

/// The class whose vector holds the objects of a collection: "edm4hep::TrackData".
std::string data_class(std::string const& type) {
  if (is_link(type)) return "podio::LinkData";
  return is_object(type) ? type + "Data" : type;
}

/// "podio::LinkCollection<A,B>", "edm4hep::TrackCollection", "podio::UserDataCollection<float>".
std::string collection_class(std::string const& type) {
  if (is_link(type)) return "podio::LinkCollection<" + type.substr(12);
  return is_object(type) ? type + "Collection" : "podio::UserDataCollection<" + type + ">";
}

/// One branch (or field) of the output: a vector of objects and what fills it.
struct Output {
  Output(std::string branch_name, std::string const& element)
      : name(std::move(branch_name)), objects(element) {}
  std::string name;
  ObjectVector objects;
};

/// Keys and values of the parameters of one type.
template <class T>
struct ParameterVectors {
  std::vector<std::string> keys;
  std::vector<std::vector<T>> values;
  std::vector<std::string>* keys_address = &keys;
  std::vector<std::vector<T>>* values_address = &values;

  void fill(Parameters const& parameters) {
    keys.clear();
    values.clear();
    for (auto const& [key, value] : parameters)
      if (auto const* list = std::get_if<std::vector<T>>(&value)) {
        keys.push_back(key);
        values.push_back(*list);
      }
  }
};

struct ParameterOutputs {
  ParameterVectors<std::int32_t> ints;
  ParameterVectors<float> floats;
  ParameterVectors<double> doubles;
  ParameterVectors<std::string> strings;

  template <class Visitor>
  void visit(Visitor visitor) {
    visitor("GPInt", "std::int32_t", ints);
    visitor("GPFloat", "float", floats);
    visitor("GPDouble", "double", doubles);
    visitor("GPString", "std::string", strings);
  }
  void fill(Parameters const& parameters) {
    visit([&](auto, auto, auto& vectors) { vectors.fill(parameters); });
  }
};

/// All branches of the event category, filled from frames: what TTree and RNTuple have in common.
class EventBranches {
 public:
  explicit EventBranches(std::vector<Collection> schema) : schema_(std::move(schema)) {
    std::sort(schema_.begin(), schema_.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    for (Collection const& collection : schema_) add(collection);
  }

  std::vector<std::unique_ptr<Output>>& outputs() { return outputs_; }
  ParameterOutputs& parameters() { return parameters_; }

  void fill(Frame const& frame) {
    for (Collection const& collection : frame.collections)
      if (is_writable(collection.type)) require_planned(collection);
    static Collection const empty{};
    std::size_t next = 0;
    for (Collection const& planned : schema_) {
      Collection const* found = frame.find(planned.name);
      next = fill(planned, found ? *found : empty, next);
    }
    parameters_.fill(frame.parameters);
  }

  [[nodiscard]] std::vector<podio::root_utils::CollectionWriteInfo> collection_info() const {
    std::vector<podio::root_utils::CollectionWriteInfo> list;
    for (Collection const& collection : schema_)
      list.push_back(
          {collection.id, collection_class(collection.type), collection.is_subset,
           is_object(collection.type) ? edm4hep_schema_version : 1U, collection.name,
           "std::vector<" + (collection.is_subset ? "podio::ObjectID" : data_class(collection.type)) + ">"});
    return list;
  }

 private:
  /// References name collections by id, and a branch has one type: both hold for the whole file.
  void require_planned(Collection const& collection) const {
    auto const planned = std::find_if(schema_.begin(), schema_.end(),
                                      [&](Collection const& known) { return known.name == collection.name; });
    if (planned == schema_.end())
      throw core::DataError(cat("collection '", collection.name,
                                "' is not among those of the output: write such files separately"));
    if (planned->type != collection.type || planned->is_subset != collection.is_subset ||
        planned->id != collection.id)
      throw core::DataError(cat("collection '", collection.name, "' has another type or id (",
                                collection.type, ", ", collection.id, ") than in the output (", planned->type,
                                ", ", planned->id, "): write such files separately"));
  }

  void add_output(std::string const& name, std::string const& element) {
    outputs_.push_back(std::make_unique<Output>(name, element));
  }

  void add(Collection const& collection) {
    if (collection.is_subset) {
      add_output(collection.name + "_objIdx", "podio::ObjectID");
      return;
    }
    add_output(collection.name, data_class(collection.type));
    TypeSchema const* schema = find_current_schema(collection.type);
    if (!schema) return;
    for (auto const& vector : schema->vectors)
      add_output(cat("_", collection.name, "_", vector.name), std::string(vector.element_type));
    for (auto const* relations : {&schema->one_to_many, &schema->one_to_one})
      for (std::string_view relation : *relations)
        add_output(cat("_", collection.name, "_", relation), "podio::ObjectID");
  }

  static void fill_references(ObjectVector& objects, std::span<ObjectRef const> targets) {
    std::vector<Column> columns{Column("index", Scalar::i32), Column("collectionID", Scalar::u32)};
    for (ObjectRef const& target : targets) {
      columns[0].push_back_integer(target.index);
      columns[1].push_back_integer(target.collection);
    }
    objects.fill(targets.size(), columns);
  }

  /// Fills the outputs of one collection, of which the first is number `next`; returns the number after.
  std::size_t fill(Collection const& planned, Collection const& collection, std::size_t next) {
    auto const targets = [&](std::string_view name) -> std::vector<ObjectRef> const* {
      Relation const* found = collection.relation(name);
      return found ? &found->targets : nullptr;
    };
    if (planned.is_subset) {
      auto const* references = collection.relations.empty() ? nullptr : &collection.relations[0].targets;
      fill_references(outputs_[next++]->objects,
                      references ? std::span<ObjectRef const>(*references) : std::span<ObjectRef const>());
      return next;
    }
    outputs_[next++]->objects.fill(collection.size, collection.members);
    TypeSchema const* schema = find_current_schema(planned.type);
    if (!schema) return next;
    for (auto const& vector : schema->vectors) {
      VectorMember const* found = collection.vector(vector.name);
      bool const has_rows = found && !found->columns.empty();
      outputs_[next++]->objects.fill(has_rows ? found->columns[0].rows() : 0,
                                     has_rows ? found->columns : std::vector<Column>());
    }
    for (std::string_view relation : schema->one_to_many) {
      auto const* found = targets(relation);
      fill_references(outputs_[next++]->objects,
                      found ? std::span<ObjectRef const>(*found) : std::span<ObjectRef const>());
    }
    for (std::string_view relation : schema->one_to_one) {
      auto const* found = targets(relation);
      std::vector<ObjectRef> one_each = found ? *found : std::vector<ObjectRef>();
      one_each.resize(collection.size);
      fill_references(outputs_[next++]->objects, one_each);
    }
    return next;
  }

  std::vector<Collection> schema_;
  std::vector<std::unique_ptr<Output>> outputs_;
  ParameterOutputs parameters_;
};

/// What podio keeps about the whole file, in the category "podio_metadata".
struct FileMetadata {
  explicit FileMetadata(std::vector<podio::root_utils::CollectionWriteInfo> collections)
      : events(std::move(collections)) {}

  std::vector<podio::root_utils::CollectionWriteInfo> events;
  std::vector<podio::root_utils::CollectionWriteInfo> metadata;  // this category holds parameters only
  podio::version::Version podio = podio_version;
  podio::version::Version edm4hep = edm4hep_version;
  // The same as an RNTuple has it.
  std::vector<std::uint16_t> podio_numbers{podio_version.major, podio_version.minor, podio_version.patch};
  std::vector<std::uint16_t> edm4hep_numbers{edm4hep_version.major, edm4hep_version.minor,
                                             edm4hep_version.patch};
  std::vector<std::string> categories{"events", "metadata"};
  std::vector<std::tuple<std::string, std::string>> definitions;

  template <class Visitor>
  void visit_common(Visitor visitor) {
    visitor("events___CollectionTypeInfo", "std::vector<podio::root_utils::CollectionWriteInfo>", events);
    visitor("metadata___CollectionTypeInfo", "std::vector<podio::root_utils::CollectionWriteInfo>", metadata);
    visitor("EDMDefinitions", "std::vector<std::tuple<std::string,std::string>>", definitions);
  }
  template <class Visitor>
  void visit_tree(Visitor visitor) {
    visit_common(visitor);
    visitor("PodioBuildVersion", "", podio);
    visitor("edm4hep___Version", "", edm4hep);
  }
  template <class Visitor>
  void visit_ntuple(Visitor visitor) {
    visit_common(visitor);
    visitor("PodioBuildVersion", "std::vector<std::uint16_t>", podio_numbers);
    visitor("edm4hep___Version", "std::vector<std::uint16_t>", edm4hep_numbers);
    visitor("availableCategories", "std::vector<std::string>", categories);
  }
};

/// An in-memory file whose bytes depend on nothing but its contents (no date, no random id).
std::unique_ptr<TMemFile> make_memory_file() {
  auto file = std::make_unique<TMemFile>("chunk.root?reproducible=chunk", "RECREATE", "", zstd_level_5);
  if (file->IsZombie())
    throw core::EnvironmentError(cat("cannot make a ROOT file in memory: ", take_message()));
  return file;
}

std::vector<std::byte> bytes_of(TMemFile& file) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(file.GetEND()));  // GetSize() counts whole blocks
  file.CopyTo(bytes.data(), static_cast<Long64_t>(bytes.size()));
  return bytes;
}

class TreeEncoder final : public ChunkEncoder {
 public:
  explicit TreeEncoder(WriterOptions const& options)
      : branches_(options.schema), metadata_(options.metadata), file_(make_memory_file()) {
    file_->cd();
    tree_ = new TTree("events", "events data tree");  // owned by the file
    for (auto& output : branches_.outputs())
      tree_->Bronch(output->name.c_str(), output->objects.class_name().c_str(), output->objects.address());
    branch_parameters(*tree_, branches_.parameters());
  }

  void add(Frame const& frame) override {
    branches_.fill(frame);
    if (tree_->Fill() < 0) throw core::EnvironmentError(cat("cannot pack an event: ", take_message()));
  }

  std::vector<std::byte> finish() override {
    file_->cd();
    tree_->Write();
    auto* metadata = new TTree("metadata", "metadata data tree");
    ParameterOutputs parameters;
    parameters.fill(metadata_);
    branch_parameters(*metadata, parameters);
    metadata->Fill();
    metadata->Write();
    auto* podio = new TTree("podio_metadata", "metadata tree for podio I/O functionality");
    FileMetadata file_metadata(branches_.collection_info());
    file_metadata.visit_tree(
        [&](char const* name, char const*, auto& value) { podio->Branch(name, &value); });
    podio->Fill();
    podio->Write();
    file_->Write("", TObject::kOverwrite);
    std::vector<std::byte> bytes = bytes_of(*file_);
    file_->Close();
    return bytes;
  }

 private:
  static void branch_parameters(TTree& tree, ParameterOutputs& parameters) {
    parameters.visit([&](std::string const& name, auto, auto& vectors) {
      tree.Branch((name + "Keys").c_str(), &vectors.keys_address);
      tree.Branch((name + "Values").c_str(), &vectors.values_address);
    });
  }

  EventBranches branches_;
  Parameters metadata_;
  std::unique_ptr<TMemFile> file_;
  TTree* tree_ = nullptr;
};

class NtupleEncoder final : public ChunkEncoder {
 public:
  explicit NtupleEncoder(WriterOptions const& options)
      : branches_(options.schema), metadata_(options.metadata), file_(make_memory_file()) {
    auto model = ROOT::RNTupleModel::CreateBare();
    for (auto& output : branches_.outputs())
      model->AddField(
          ROOT::RFieldBase::Create(output->name, "std::" + output->objects.class_name()).Unwrap());
    add_parameter_fields(*model, branches_.parameters());
    writer_ = append(std::move(model), "events");
    entry_ = writer_->GetModel().CreateBareEntry();
    for (auto& output : branches_.outputs()) entry_->BindRawPtr(output->name, output->objects.object());
    bind_parameters(*entry_, branches_.parameters());
  }

  void add(Frame const& frame) override {
    branches_.fill(frame);
    writer_->Fill(*entry_);
  }

  std::vector<std::byte> finish() override {
    entry_.reset();
    writer_.reset();
    {
      ParameterOutputs parameters;
      parameters.fill(metadata_);
      auto model = ROOT::RNTupleModel::CreateBare();
      add_parameter_fields(*model, parameters);
      auto writer = append(std::move(model), "metadata");
      auto entry = writer->GetModel().CreateBareEntry();
      bind_parameters(*entry, parameters);
      writer->Fill(*entry);
    }
    {
      FileMetadata metadata(branches_.collection_info());
      auto model = ROOT::RNTupleModel::CreateBare();
      metadata.visit_ntuple([&](char const* name, char const* type, auto&) {
        model->AddField(ROOT::RFieldBase::Create(name, type).Unwrap());
      });
      auto writer = append(std::move(model), "podio_metadata");
      auto entry = writer->GetModel().CreateBareEntry();
      metadata.visit_ntuple(
          [&](char const* name, char const*, auto& value) { entry->BindRawPtr(name, &value); });
      writer->Fill(*entry);
    }
    file_->Write();
    std::vector<std::byte> bytes = bytes_of(*file_);
    file_->Close();
    return bytes;
  }

 private:
  std::unique_ptr<ROOT::RNTupleWriter> append(std::unique_ptr<ROOT::RNTupleModel> model, char const* name) {
    ROOT::RNTupleWriteOptions options;
    options.SetCompression(zstd_level_5);
    return ROOT::RNTupleWriter::Append(std::move(model), name, *file_, options);
  }
  static void add_parameter_fields(ROOT::RNTupleModel& model, ParameterOutputs& parameters) {
    parameters.visit([&](std::string const& name, std::string const& type, auto&) {
      model.AddField(ROOT::RFieldBase::Create(name + "Keys", "std::vector<std::string>").Unwrap());
      model.AddField(
          ROOT::RFieldBase::Create(name + "Values", "std::vector<std::vector<" + type + ">>").Unwrap());
    });
  }
  static void bind_parameters(ROOT::REntry& entry, ParameterOutputs& parameters) {
    parameters.visit([&](std::string const& name, auto, auto& vectors) {
      entry.BindRawPtr(name + "Keys", &vectors.keys);
      entry.BindRawPtr(name + "Values", &vectors.values);
    });
  }

  EventBranches branches_;
  Parameters metadata_;
  std::unique_ptr<TMemFile> file_;
  std::unique_ptr<ROOT::RNTupleWriter> writer_;
  std::unique_ptr<ROOT::REntry> entry_;
};

/// ROOT wants the final name nowhere in the file; the reproducible name must not depend on the path.
std::string reproducible(std::string const& path) {
  return path + "?reproducible=corpuscle";
}

class TreeMerger final : public ChunkMerger {
 public:
  explicit TreeMerger(std::string const& path) : target_(path) {
    file_.reset(TFile::Open(reproducible(target_.temporary_path()).c_str(), "RECREATE", "", zstd_level_5));
    if (!file_ || file_->IsZombie())
      throw core::EnvironmentError(cat(path, ": cannot write: ", take_message()));
  }

  void append(std::span<std::byte const> chunk) override {
    TMemFile memory("chunk.root",
                    TMemFile::ZeroCopyView_t(reinterpret_cast<char const*>(chunk.data()), chunk.size()));
    auto* events = memory.Get<TTree>("events");
    if (!events)
      throw core::EnvironmentError(cat(target_.path(), ": a chunk of events was lost: ", take_message()));
    file_->cd();
    if (!events_) {
      // The baskets are copied as they are, compressed ("fast").
      events_ = clone(*events);
      for (char const* name : {"metadata", "podio_metadata"}) clone(*memory.Get<TTree>(name))->Write();
    } else {
      events_->CopyEntries(events, -1, "fast");
    }
    if (auto* clones = events->GetListOfClones()) clones->Remove(events_);
    events_->ResetBranchAddresses();
    complain();
  }

  void finish() override {
    file_->cd();
    if (events_) events_->Write("", TObject::kOverwrite);
    file_->Close();
    complain();
    target_.commit();
  }

 private:
  TTree* clone(TTree& tree) {
    TTree* const copy = tree.CloneTree(-1, "fast");
    complain(!copy);
    return copy;
  }

  void complain(bool has_failed = false) {
    std::string const message = take_message();
    if (has_failed || !message.empty() || file_->TestBit(TFile::kWriteError))
      throw core::EnvironmentError(
          cat(target_.path(), ": cannot write: ", message.empty() ? "the disk may be full" : message));
  }

  core::AtomicFile target_;
  std::unique_ptr<TFile> file_;
  TTree* events_ = nullptr;  ///< owned by the file
};

std::uint32_t big_endian(std::byte const* at, int bytes) {
  std::uint32_t value = 0;
  for (int k = 0; k < bytes; ++k) value = value << 8 | std::to_integer<std::uint32_t>(at[k]);
  return value;
}

/// Whether the record names a TFile as its class: the root directory, or the list of its keys.
bool is_directory_record(std::span<std::byte const> file, std::size_t record, std::size_t payload) {
  static constexpr char class_name[] = "\x05TFile";
  auto const* const begin = reinterpret_cast<char const*>(file.data());
  return std::search(begin + record, begin + payload, class_name, class_name + 6) != begin + payload;
}

/// Sets the date of every record of a ROOT file to the same value. Records of RNTuples carry the time of
/// writing even in a reproducible file. A record starts with its length (4 bytes; negative: a gap), version
/// (2), length of its object (4), date (4), length of this header (2); the list of keys repeats headers.
void fix_dates(std::span<std::byte> file) {
  auto const fix = [&](std::size_t record) { std::memset(&file[record + 10], 0, 4); };
  constexpr std::size_t first_record = 100;
  constexpr std::size_t header = 18;
  for (std::size_t record = first_record; record + header < file.size();) {
    auto const length = static_cast<std::int32_t>(big_endian(&file[record], 4));
    if (length == 0) return;
    if (length > 0) {
      fix(record);
      std::size_t const end = std::min(file.size(), record + static_cast<std::size_t>(length));
      std::size_t const payload = record + big_endian(&file[record + 14], 2);
      bool const is_key_list =
          record > first_record && payload + 8 < end && is_directory_record(file, record, payload);
      for (std::size_t key = payload + 4; is_key_list && key + header < end;) {
        fix(key);
        key += std::max<std::size_t>(1, big_endian(&file[key + 14], 2));
      }
    }
    record += static_cast<std::size_t>(std::abs(static_cast<std::int64_t>(length)));
  }
}

void fix_dates_in(std::string const& path) {
  int const fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  void* const map = fd >= 0 && ::fstat(fd, &status) == 0
                        ? ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ | PROT_WRITE,
                                 MAP_SHARED, fd, 0)
                        : MAP_FAILED;
  if (fd >= 0) ::close(fd);
  if (map == MAP_FAILED)
    throw core::EnvironmentError(cat(path, ": cannot be opened again: ", std::strerror(errno)));
  fix_dates({static_cast<std::byte*>(map), static_cast<std::size_t>(status.st_size)});
  ::munmap(map, static_cast<std::size_t>(status.st_size));
}

/// RNTuples can only be joined all at once: the chunks wait in a directory beside the output.
class NtupleMerger final : public ChunkMerger {
 public:
  explicit NtupleMerger(std::string const& path)
      : target_(path), directory_(cat(path, ".chunks-", ::getpid())) {
    std::error_code error;
    std::filesystem::create_directory(directory_, error);
    if (error)
      throw core::EnvironmentError(cat(directory_, ": cannot make this directory: ", error.message()));
  }
  ~NtupleMerger() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void append(std::span<std::byte const> chunk) override {
    chunks_.push_back(cat(directory_, "/", chunks_.size(), ".root"));
    std::ofstream file(chunks_.back(), std::ios::binary);
    file.write(reinterpret_cast<char const*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
    if (!file.flush())
      throw core::EnvironmentError(cat(chunks_.back(), ": cannot write: ", std::strerror(errno)));
  }

  void finish() override {
    join();
    fix_dates_in(target_.temporary_path());
    target_.commit();
  }

 private:
  void join() {
    merge("RECREATE", chunks_, {"events"});
    merge("UPDATE", {chunks_.data(), 1}, {"metadata", "podio_metadata"});
  }

  void merge(char const* mode, std::span<std::string const> chunks,
             std::initializer_list<char const*> names) {
    TFileMerger merger(false, false);
    merger.SetPrintLevel(0);
    std::unique_ptr<TFile> output(
        TFile::Open(reproducible(target_.temporary_path()).c_str(), mode, "", zstd_level_5));
    bool merged = output && !output->IsZombie() && merger.OutputFile(std::move(output));
    for (std::string const& chunk : chunks) merged = merged && merger.AddFile(chunk.c_str(), false);
    for (char const* name : names) merger.AddObjectNames(name);
    merged =
        merged && merger.PartialMerge(TFileMerger::kAll | TFileMerger::kRegular | TFileMerger::kOnlyListed);
    if (std::string const message = take_message(); !merged || !message.empty())
      throw core::EnvironmentError(cat(target_.path(), ": cannot join the events: ", message));
  }

  core::AtomicFile target_;
  std::string directory_;
  std::vector<std::string> chunks_;
};

}  // namespace

std::unique_ptr<ChunkEncoder> make_encoder(WriterOptions const& options) {
  if (options.container == Container::rntuple) return std::make_unique<NtupleEncoder>(options);
  return std::make_unique<TreeEncoder>(options);
}

std::unique_ptr<ChunkMerger> make_merger(std::string const& path, Container container) {
  if (container == Container::rntuple) return std::make_unique<NtupleMerger>(path);
  return std::make_unique<TreeMerger>(path);
}

}  // namespace corpuscle::io::root
