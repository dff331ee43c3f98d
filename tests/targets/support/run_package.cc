// Runs the main function of a compiled library: LIBRARY OUTPUT-FOLDER TYPE:SHAPE:FILE...
// Files hold the bytes of one tensor each; outputs become 0.bin, 1.bin, ... in the folder.
// The weights are taken from compiled.params, if the library lies beside one.
#include <tvm/ffi/any.h>
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/extra/module.h>
#include <tvm/ffi/function.h>
#include <tvm/runtime/tensor.h>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using tvm::ffi::Any;
using tvm::ffi::AnyView;
using tvm::runtime::Tensor;

static size_t SizeBytes(const Tensor& tensor) {
  size_t count = 1;
  for (int64_t extent : tensor.Shape()) count *= extent;
  return count * ((tensor->dtype.bits * tensor->dtype.lanes + 7) / 8);
}

static Tensor ReadTensor(const std::string& word) {
  std::istringstream parts(word);
  std::string type, shape, path, extent;
  std::getline(parts, type, ':');
  std::getline(parts, shape, ':');
  std::getline(parts, path);
  std::vector<int64_t> extents;
  std::istringstream list(shape);
  while (std::getline(list, extent, ',')) extents.push_back(std::stoll(extent));
  Tensor tensor = Tensor::Empty(extents, tvm::ffi::StringToDLDataType(type), DLDevice{kDLCPU, 0});
  std::ifstream(path, std::ios::binary)
      .read(static_cast<char*>(tensor->data), static_cast<std::streamsize>(SizeBytes(tensor)));
  return tensor;
}

static std::map<std::string, Tensor> ReadWeights(const std::string& library) {
  std::map<std::string, Tensor> weights;  // in the order of their names: that of the arguments
  std::string path = library.substr(0, library.find_last_of('/') + 1) + "compiled.params";
  if (!std::ifstream(path)) return weights;
  auto load = tvm::ffi::Function::GetGlobalRequired("runtime.LoadParamsFromFile");
  auto found = load(path).cast<tvm::ffi::Map<tvm::ffi::String, Tensor>>();
  for (const auto& [name, tensor] : found) weights.emplace(name, tensor);
  return weights;
}

static void WriteTensor(const Tensor& tensor, const std::string& path) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(tensor->data), static_cast<std::streamsize>(SizeBytes(tensor)));
}

int main(int count, char** words) {
  tvm::ffi::Module library = tvm::ffi::Module::LoadFromFile(words[1]);
  auto machine = library->GetFunction("vm_load_executable").value()().cast<tvm::ffi::Module>();
  constexpr int kPooled = 2;
  machine->GetFunction("vm_initialization")
      .value()(static_cast<int>(kDLCPU), 0, kPooled, static_cast<int>(kDLCPU), 0, kPooled);
  std::vector<Tensor> inputs;
  for (int i = 3; i < count; ++i) inputs.push_back(ReadTensor(words[i]));
  for (const auto& weight : ReadWeights(words[1])) inputs.push_back(weight.second);
  std::vector<AnyView> views(inputs.begin(), inputs.end());
  Any result;
  machine->GetFunction("main").value().CallPacked(views.data(), static_cast<int>(views.size()),
                                                  &result);
  std::vector<Tensor> outputs;
  if (auto one = result.as<Tensor>()) {
    outputs.push_back(*one);
  } else {
    for (const auto& each : result.cast<tvm::ffi::Array<Tensor>>()) outputs.push_back(each);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    WriteTensor(outputs[i], std::string(words[2]) + "/" + std::to_string(i) + ".bin");
  }
  std::cout << outputs.size() << std::endl;
  return 0;
}
