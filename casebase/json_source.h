#pragma once

#include <memory>

#include "casebase/record_source.h"
#include "precedent/casebase/csv_reader.h"

namespace precedent::casebase {

/// Objects of a JSON array, or one a line (`lines`). A line that is no object is a record with a problem; an array that
/// breaks off or holds something else ends the file with an error.
[[nodiscard]] std::unique_ptr<RecordSource> makeJsonSource(ByteSource bytes, bool lines, std::size_t maxFieldBytes);

} // namespace precedent::casebase
