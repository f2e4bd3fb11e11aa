#include "corpuscle/io/root/columns_to_objects.hpp"

#include <TClass.h>
#include <TStreamerElement.h>
#include <TVirtualCollectionProxy.h>
#include <TVirtualStreamerInfo.h>

#include <algorithm>
#include <cstring>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/schema.hpp"

namespace corpuscle::io::root {
namespace {

Scalar scalar_of_root(int type) {
  switch (type % TVirtualStreamerInfo::kOffsetL) {
    case TVirtualStreamerInfo::kChar: return Scalar::i8;
    case TVirtualStreamerInfo::kUChar: return Scalar::u8;
    case TVirtualStreamerInfo::kShort: return Scalar::i16;
    case TVirtualStreamerInfo::kUShort: return Scalar::u16;
    case TVirtualStreamerInfo::kInt: return Scalar::i32;
    case TVirtualStreamerInfo::kUInt: return Scalar::u32;
    case TVirtualStreamerInfo::kLong:
    case TVirtualStreamerInfo::kLong64: return Scalar::i64;
    case TVirtualStreamerInfo::kULong:
    case TVirtualStreamerInfo::kULong64: return Scalar::u64;
    case TVirtualStreamerInfo::kDouble: return Scalar::f64;
    case TVirtualStreamerInfo::kBool: return Scalar::boolean;
    default: return Scalar::f32;
  }
}

/// Copies a column into one member of many objects lying `stride` bytes apart.
void scatter(Column const& column, std::byte* target, std::size_t n, std::size_t stride, Scalar type,
             std::size_t length) {
  std::size_t const width = std::min<std::size_t>(length, column.width());
  visit_scalar(column.type(), [&]<class From>(From from) {
    visit_scalar(type, [&]<class To>(To) {
      std::byte const* source = column.bytes().data();
      for (std::size_t row = 0; row < n; ++row, target += stride, source += column.width() * sizeof(From))
        for (std::size_t k = 0; k < width; ++k) {
          std::memcpy(&from, source + k * sizeof(From), sizeof(From));
          To const value = convert<To>(from);
          std::memcpy(target + k * sizeof(To), &value, sizeof(To));
        }
    });
  });
}

}  // namespace

ObjectVector::ObjectVector(std::string const& element_class) : class_name_("vector<" + element_class + ">") {
  vector_class_ = TClass::GetClass(class_name_.c_str());
  if (!vector_class_ || !vector_class_->GetCollectionProxy())
    throw core::EnvironmentError(
        core::cat("no ROOT dictionary for '", class_name_,
                  "': is the dictionary file beside the ROOT plug-in of Corpuscle?"));
  object_ = vector_class_->New();
  TVirtualCollectionProxy* const proxy = vector_class_->GetCollectionProxy();
  stride_ = proxy->GetIncrement();
  if (TClass* element = proxy->GetValueClass()) {
    add_members(*element, "", 0);
  } else {
    auto const type = number_type(element_class);
    if (!type)
      throw core::DataError(core::cat("'", element_class, "' is no type of number that a file can hold"));
    members_.push_back({"", 0, *type, 1});
  }
}

ObjectVector::~ObjectVector() {
  vector_class_->Destructor(object_);
}

void ObjectVector::add_members(TClass& element, std::string const& prefix, std::size_t offset) {
  for (TObject* item : *element.GetStreamerInfo()->GetElements()) {
    auto& member = *static_cast<TStreamerElement*>(item);
    std::string const path = prefix + member.GetName();
    std::size_t const at = offset + static_cast<std::size_t>(member.GetOffset());
    if (TClass* nested = member.GetClassPointer())
      add_members(*nested, path + ".", at);
    else
      members_.push_back({path, at, scalar_of_root(member.GetType()),
                          static_cast<std::size_t>(std::max(1, member.GetArrayLength()))});
  }
}

void ObjectVector::fill(std::size_t n, std::vector<Column> const& columns) {
  TVirtualCollectionProxy* const proxy = vector_class_->GetCollectionProxy();
  TVirtualCollectionProxy::TPushPop const scope(proxy, object_);
  proxy->Clear();
  if (n == 0) return;
  void* const environment = proxy->Allocate(static_cast<UInt_t>(n), true);
  auto* const first = static_cast<std::byte*>(proxy->At(0));
  std::memset(first, 0, n * stride_);
  bool const is_number = members_.size() == 1 && members_[0].path.empty();
  for (Member const& member : members_) {
    auto const column = std::find_if(columns.begin(), columns.end(),
                                     [&](Column const& c) { return is_number || c.name() == member.path; });
    if (column == columns.end()) continue;
    if (column->rows() != n)
      throw core::DataError(
          core::cat("column '", column->name(), "' has ", column->rows(), " rows instead of ", n));
    scatter(*column, first + member.offset, n, stride_, member.type, member.length);
  }
  proxy->Commit(environment);
}

}  // namespace corpuscle::io::root
