#pragma once

#include <optional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"

namespace precedent::core {

/// Reads a GGUF file's metadata of one architecture ("llama.block_count" by "block_count") and keeps the first failure. A key
/// that is absent gives nothing.
class GgufMetadata {
public:
    GgufMetadata(const formats::GgufFile& file, std::string architecture, std::string what)
        : m_file(file)
        , m_prefix(std::move(architecture) + ".")
        , m_what(std::move(what))
    {
    }

    [[nodiscard]] const formats::GgufFile& file() const { return m_file; }
    [[nodiscard]] bool has(const std::string& key) const { return m_file.value(m_prefix + key) != nullptr; }

    /// A whole number from 0 to 2^31 - 1; or a list with one entry a layer, if all are the same.
    [[nodiscard]] std::optional<int> integer(const std::string& key);
    /// As integer(); fails where it is absent.
    [[nodiscard]] int needed(const std::string& key);
    /// A float stands for the shortest decimal number that rounds to it: 1e-6 where the file has 9.9999999747e-7.
    [[nodiscard]] std::optional<double> number(const std::string& key);
    /// A list of whole numbers or booleans; nothing for a single value.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> list(const std::string& key) const;
    [[nodiscard]] std::optional<std::string> text(const std::string& key);

    /// Refuses a key that changes the arithmetic, unless it is a number of this value.
    void only(const std::string& key, double value);
    void refuse(const std::string& key, const std::string& seen);
    void fail(const std::string& key, const std::string& seen, const std::string& expected);

    [[nodiscard]] Status status() const { return m_error ? Status(*m_error) : Status(); }

private:
    const formats::GgufFile& m_file;
    std::string m_prefix;
    std::string m_what;
    std::optional<Error> m_error;
};

} // namespace precedent::core
