#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent::casebase {

/// A file written piece by piece under another name and put in place at the end: whole or not at all. Without commit()
/// nothing is left. Thread: one.
class AtomicWriter {
public:
    explicit AtomicWriter(std::filesystem::path path);
    ~AtomicWriter();
    AtomicWriter(const AtomicWriter&) = delete;
    AtomicWriter& operator=(const AtomicWriter&) = delete;

    [[nodiscard]] Status open();
    [[nodiscard]] Status write(std::string_view bytes);
    [[nodiscard]] Status commit();

private:
    Status flush();

    std::filesystem::path m_path;
    std::filesystem::path m_temporary;
    std::string m_buffer;
    int m_fd = -1;
};

} // namespace precedent::casebase
