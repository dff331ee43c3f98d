// Streams over memory.
#pragma once
#include <tvm/support/io.h>

#include <algorithm>
#include <cstring>

namespace tvm {
namespace support {

class BytesInStream : public Stream {
 public:
  using Stream::Read;
  using Stream::Write;
  BytesInStream(const void* data, size_t size)
      : at_(static_cast<const char*>(data)), left_(size) {}
  explicit BytesInStream(const ffi::Bytes& bytes) : BytesInStream(bytes.data(), bytes.size()) {}
  explicit BytesInStream(const std::string& text) : BytesInStream(text.data(), text.size()) {}

  size_t Read(void* into, size_t size) override {
    size = std::min(size, left_);
    std::memcpy(into, at_, size);
    at_ += size;
    left_ -= size;
    return size;
  }
  size_t Write(const void*, size_t) override { return 0; }

 private:
  const char* at_;
  size_t left_;
};

class BytesOutStream : public Stream {
 public:
  using Stream::Read;
  using Stream::Write;
  explicit BytesOutStream(std::string* into) : into_(into) {}
  size_t Read(void*, size_t) override { return 0; }
  size_t Write(const void* from, size_t size) override {
    into_->append(static_cast<const char*>(from), size);
    return size;
  }

 private:
  std::string* into_;
};

}  // namespace support
}  // namespace tvm
