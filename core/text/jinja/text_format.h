#pragma once

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/value.h"

namespace precedent::text::jinja {

/// format % values, with %s %r %d %i %u %f %F %e %E %g %G %x %X %o and %%, flags, width and precision.
[[nodiscard]] Value percentFormat(Runtime& runtime, const Text& format, const Value& values);
/// format.format(...): {} {0} {name} {name.attribute} {0[key]} with !s, !r, and the specification
/// [[fill]align][sign][0][width][,][.precision][type].
[[nodiscard]] Value braceFormat(Runtime& runtime, const Text& format, const Arguments& arguments);

} // namespace precedent::text::jinja
