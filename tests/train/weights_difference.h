#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "precedent/formats/safetensors.h"

namespace precedent::tests {

/// Every tensor of a file, one after another.
inline std::vector<float> numbersIn(const std::filesystem::path& file, const std::string& prefix = {})
{
    std::vector<float> numbers;
    const auto opened = formats::SafetensorsFile::open(file);
    if (!opened.ok())
        return numbers;
    for (const auto& tensor : (*opened)->tensors()) {
        if (tensor.name.rfind(prefix, 0) != 0)
            continue;
        const auto count = tensor.bytes.size() / sizeof(float);
        numbers.resize(numbers.size() + count);
        std::memcpy(numbers.data() + numbers.size() - count, tensor.bytes.data(), count * sizeof(float));
    }
    return numbers;
}

/// |a - b| / |a|; 1 where they are not alike at all.
inline double difference(const std::vector<float>& a, const std::vector<float>& b)
{
    if (a.size() != b.size() || a.empty())
        return 1;
    double squares = 0, apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        squares += static_cast<double>(a[i]) * a[i];
        apart += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    }
    return squares > 0 ? std::sqrt(apart / squares) : 1;
}

} // namespace precedent::tests
