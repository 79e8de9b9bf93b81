#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace precedent::workspace {

/// Digests of big files by path, size and time of change, in the user's cache folder: hashing gigabytes at every start
/// would take minutes. For display; what a run records is what the engine read. A cache that cannot be read counts as empty.
class DigestCache {
public:
    DigestCache();

    /// Empty where none is known for the file as it is now.
    [[nodiscard]] std::string find(const std::filesystem::path& file) const;
    /// Keeps the digest of the file as it was when `stampBefore` was taken, unless it has changed since.
    void keep(const std::filesystem::path& file, const std::string& stampBefore, const std::string& digest);

    /// Size and time of change as one word; empty if the file is not there.
    [[nodiscard]] static std::string stampOf(const std::filesystem::path& file);

private:
    struct Entry {
        std::string stamp;
        std::string digest;
    };
    [[nodiscard]] static std::map<std::string, Entry> read(const std::filesystem::path& file);

    std::filesystem::path m_file;
    std::map<std::string, Entry> m_entries;
};

} // namespace precedent::workspace
