#include "precedent/workspace/folder_size.h"

namespace precedent::workspace {

std::int64_t folderBytes(const std::filesystem::path& folder)
{
    namespace fs = std::filesystem;
    std::int64_t bytes = 0;
    std::error_code ec;
    for (auto entry = fs::recursive_directory_iterator(folder, ec); !ec && entry != fs::recursive_directory_iterator();
         entry.increment(ec)) {
        std::error_code unread;
        if (entry->is_regular_file(unread) && !unread)
            bytes += static_cast<std::int64_t>(entry->file_size(unread));
    }
    return bytes;
}

} // namespace precedent::workspace
