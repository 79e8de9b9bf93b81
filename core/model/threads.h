#pragma once

namespace precedent::core {

/// The one place that sets how many threads ATen, the BLAS and our own kernels use. n <= 0: the cores this process
/// may run on. Call it before other work; later calls change the count for what comes after. ATen left alone may
/// answer 1 on a machine of 2 cores.
void setThreadCount(int n);

/// As set; the machine's cores if nobody set it.
[[nodiscard]] int threadCount();

} // namespace precedent::core
