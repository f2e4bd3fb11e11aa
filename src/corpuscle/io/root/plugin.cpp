#include "corpuscle/io/root/plugin.hpp"

#include <TClass.h>
#include <TFile.h>
#include <TKey.h>
#include <TList.h>
#include <TROOT.h>
#include <TSystem.h>

#include <cstring>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/root/errors.hpp"
#include "corpuscle/io/root/sources.hpp"

namespace corpuscle::io::root {
namespace {

/// Class of the newest object of that name at the top of the file; empty if there is none.
std::string class_of(TFile& file, char const* name) {
  TKey const* key = file.GetKey(name);
  return key ? key->GetClassName() : "";
}

std::string contents(TFile& file) {
  std::string list;
  for (TObject* key : *file.GetListOfKeys()) {
    if (list.size() > 200) return list + ", ...";
    list += (list.empty() ? "" : ", ") + std::string(key->GetName());
  }
  return list.empty() ? "nothing" : list;
}

}  // namespace

std::unique_ptr<Source> open(std::string const& path) {
  take_message();
  std::unique_ptr<TFile> file(TFile::Open(path.c_str()));
  std::string const complaint = take_message();
  if (!file || file->IsZombie())
    throw core::DataError(core::cat(path, ": byte 0: damaged ROOT file: ", complaint));
  if (file->TestBit(TFile::kRecovered))
    throw core::DataError(
        core::cat(path, ": damaged ROOT file, not closed by the program that wrote it: ", complaint));

  std::string const events = class_of(*file, "events");
  if (events == "TTree") return open_tree(path, std::move(file));
  if (events == "ROOT::RNTuple") return open_ntuple(path, std::move(file));
  if (class_of(*file, "Events") == "TTree") return open_flat_tree(path, std::move(file));
  throw core::DataError(
      core::cat(path, ": a ROOT file without a tree or RNTuple 'events': it holds ", contents(*file)));
}

}  // namespace corpuscle::io::root

corpuscle::io::root::Plugin const* corpuscle_root_plugin() {
  // ROOT's own crash handler prints pages and hangs on damaged files; ours (the watching process) names the
  // place.
  for (int signal = 0; signal < kMAXSIGNALS; ++signal)
    gSystem->ResetSignal(static_cast<ESignals>(signal), true);
  corpuscle::io::root::capture_messages();
  static corpuscle::io::root::Plugin const plugin{
      corpuscle::io::note_whereabouts_in, corpuscle::io::root::open, corpuscle::io::root::make_encoder,
      corpuscle::io::root::make_merger};
  return &plugin;
}
