// Binary streams as TVM's runtime wants them, written for little-endian machines: the wheel
// holds the runtime's sources without this header of the compiler's.
#pragma once

#include <dlpack/dlpack.h>
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/string.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tvm {
namespace support {

template <typename T, typename = void>
struct Serializer {
  static constexpr bool enabled = false;
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual size_t Read(void* into, size_t size) = 0;
  virtual size_t Write(const void* from, size_t size) = 0;

  template <typename T>
  void Write(const T& value) {
    static_assert(Serializer<T>::enabled, "no serializer for this type");
    Serializer<T>::Write(this, value);
  }
  template <typename T>
  bool Read(T* value) {
    static_assert(Serializer<T>::enabled, "no serializer for this type");
    return Serializer<T>::Read(this, value);
  }
  template <typename T>
  void WriteArray(const T* values, size_t count) {
    for (size_t i = 0; i < count; ++i) Write<T>(values[i]);
  }
  template <typename T>
  bool ReadArray(T* values, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (!Read<T>(values + i)) return false;
    }
    return true;
  }
};

// Whatever is written as its bytes.
template <typename T>
struct AsBytes {
  static constexpr bool enabled = true;
  static void Write(Stream* stream, const T& value) { stream->Write(&value, sizeof(T)); }
  static bool Read(Stream* stream, T* value) { return stream->Read(value, sizeof(T)) == sizeof(T); }
};

template <typename T>
struct Serializer<T, std::enable_if_t<std::is_arithmetic_v<T> || std::is_enum_v<T>>> : AsBytes<T> {};
template <>
struct Serializer<DLDataType> : AsBytes<DLDataType> {};
template <>
struct Serializer<DLDevice> : AsBytes<DLDevice> {};

// Text: its length, then its bytes.
template <typename T>
struct AsText {
  static constexpr bool enabled = true;
  static void Write(Stream* stream, const T& value) {
    stream->Write<uint64_t>(value.size());
    stream->Write(value.data(), value.size());
  }
  static bool Read(Stream* stream, T* value) {
    uint64_t size = 0;
    if (!stream->Read(&size)) return false;
    std::string text(size, '\0');
    if (stream->Read(text.data(), size) != size) return false;
    *value = T(std::move(text));
    return true;
  }
};

template <>
struct Serializer<std::string> : AsText<std::string> {};
template <>
struct Serializer<ffi::String> : AsText<ffi::String> {};
template <>
struct Serializer<ffi::Bytes> : AsText<ffi::Bytes> {};

template <typename A, typename B>
struct Serializer<std::pair<A, B>> {
  static constexpr bool enabled = true;
  static void Write(Stream* stream, const std::pair<A, B>& value) {
    stream->Write<A>(value.first);
    stream->Write<B>(value.second);
  }
  static bool Read(Stream* stream, std::pair<A, B>* value) {
    return stream->Read(&value->first) && stream->Read(&value->second);
  }
};

// Sequences: their length, then their items.
template <typename T, typename Item, void (*Append)(T&, Item)>
struct AsItems {
  static constexpr bool enabled = true;
  static void Write(Stream* stream, const T& value) {
    stream->Write<uint64_t>(value.size());
    for (const auto& item : value) stream->Write<Item>(item);
  }
  static bool Read(Stream* stream, T* value) {
    uint64_t size = 0;
    if (!stream->Read(&size)) return false;
    T made;
    for (; size > 0; --size) {
      Item item{};
      if (!stream->Read(&item)) return false;
      Append(made, std::move(item));
    }
    *value = std::move(made);
    return true;
  }
};

template <typename T>
void PushBack(T& sequence, typename T::value_type item) {
  sequence.push_back(std::move(item));
}
template <typename K, typename V>
void Insert(std::unordered_map<K, V>& map, std::pair<K, V> item) {
  map.insert(std::move(item));
}
template <typename K, typename V>
void Set(ffi::Map<K, V>& map, std::pair<K, V> item) {
  map.Set(std::move(item.first), std::move(item.second));
}

template <typename T>
struct Serializer<std::vector<T>> : AsItems<std::vector<T>, T, &PushBack<std::vector<T>>> {};
template <typename T>
struct Serializer<ffi::Array<T>> : AsItems<ffi::Array<T>, T, &PushBack<ffi::Array<T>>> {};
template <typename K, typename V>
struct Serializer<std::unordered_map<K, V>>
    : AsItems<std::unordered_map<K, V>, std::pair<K, V>, &Insert<K, V>> {};
template <typename K, typename V>
struct Serializer<ffi::Map<K, V>> : AsItems<ffi::Map<K, V>, std::pair<K, V>, &Set<K, V>> {};

}  // namespace support
}  // namespace tvm
