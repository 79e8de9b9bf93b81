#include "core/model/ops.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/generate/kernels.h"
#include "core/model/ops_attention.h"

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr std::int64_t kGrain = 16384; // elements that are worth a thread

std::int64_t rowsPerThread(std::int64_t width) { return std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, width)); }

bool fusable(const at::Tensor& x) { return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble); }

// With r = 1 / sqrt(mean(x^2) + eps): y = x r w; dx = r (g w) - x r^3 mean(g w x); dw = sum over rows of g x r.
class RmsNorm : public torch::autograd::Function<RmsNorm> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, double eps)
    {
        const at::Tensor x = input.contiguous();
        const std::int64_t C = x.size(-1), N = x.numel() / std::max<std::int64_t>(1, C);
        at::Tensor y = at::empty_like(x);
        at::Tensor scale = at::empty({N}, x.options());
        AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rmsNorm", [&] {
            const scalar_t* xs = x.data_ptr<scalar_t>();
            const scalar_t* ws = weight.data_ptr<scalar_t>();
            scalar_t* ys = y.data_ptr<scalar_t>();
            scalar_t* scales = scale.data_ptr<scalar_t>();
            at::parallel_for(0, N, rowsPerThread(C), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t n = begin; n < end; ++n) {
                    const scalar_t* row = xs + n * C;
                    scalar_t squares = 0;
                    _Pragma("omp simd reduction(+ : squares)") for (std::int64_t c = 0; c < C; ++c) squares += row[c] * row[c];
                    const auto r = static_cast<scalar_t>(1 / std::sqrt(static_cast<double>(squares) / static_cast<double>(C) + eps));
                    scales[n] = r;
                    for (std::int64_t c = 0; c < C; ++c)
                        ys[n * C + c] = row[c] * r * ws[c];
                }
            });
        });
        context->save_for_backward({x, weight, scale});
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &scale = saved[2];
        const at::Tensor g = gradients[0].contiguous();
        const std::int64_t C = x.size(-1), N = x.numel() / std::max<std::int64_t>(1, C);
        at::Tensor dx = at::empty_like(x);
        AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rmsNormBackward", [&] {
            const scalar_t *xs = x.data_ptr<scalar_t>(), *ws = weight.data_ptr<scalar_t>(), *gs = g.data_ptr<scalar_t>(),
                           *scales = scale.data_ptr<scalar_t>();
            scalar_t* dxs = dx.data_ptr<scalar_t>();
            at::parallel_for(0, N, rowsPerThread(C), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t n = begin; n < end; ++n) {
                    const scalar_t *row = xs + n * C, *up = gs + n * C;
                    scalar_t along = 0;
                    _Pragma("omp simd reduction(+ : along)") for (std::int64_t c = 0; c < C; ++c) along += up[c] * ws[c] * row[c];
                    const scalar_t r = scales[n], pull = along * r * r * r / static_cast<scalar_t>(C);
                    for (std::int64_t c = 0; c < C; ++c)
                        dxs[n * C + c] = up[c] * ws[c] * r - row[c] * pull;
                }
            });
        });
        at::Tensor dw;
        if (context->needs_input_grad(1))
            dw = (g.view({N, C}) * x.view({N, C})).mul_(scale.unsqueeze(1)).sum(0);
        return {dx, dw, Variable()};
    }
};

/// Rotates by the table's angles (direction 1) or back (-1): the backward of a rotation is the rotation back.
at::Tensor rotated(const at::Tensor& input, const at::Tensor& cos, const at::Tensor& sin, int direction)
{
    const at::Tensor x = input.contiguous();
    const std::int64_t N = x.size(0), H = x.size(1), half = x.size(2) / 2;
    at::Tensor y = at::empty_like(x);
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rotate", [&] {
        const scalar_t *xs = x.data_ptr<scalar_t>(), *cs = cos.data_ptr<scalar_t>(), *ss = sin.data_ptr<scalar_t>();
        scalar_t* ys = y.data_ptr<scalar_t>();
        const auto sign = static_cast<scalar_t>(direction);
        at::parallel_for(0, N, rowsPerThread(H * half * 2), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t n = begin; n < end; ++n) {
                for (std::int64_t h = 0; h < H; ++h) {
                    const scalar_t* from = xs + (n * H + h) * 2 * half;
                    scalar_t* to = ys + (n * H + h) * 2 * half;
                    _Pragma("omp simd") for (std::int64_t i = 0; i < half; ++i)
                    {
                        const scalar_t c = cs[n * half + i], s = sign * ss[n * half + i];
                        to[i] = from[i] * c - from[i + half] * s;
                        to[i + half] = from[i + half] * c + from[i] * s;
                    }
                }
            }
        });
    });
    return y;
}

class Rotate : public torch::autograd::Function<Rotate> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin)
    {
        context->save_for_backward({cos, sin});
        return rotated(x, cos, sin, 1);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        return {rotated(gradients[0], saved[0], saved[1], -1), Variable(), Variable()};
    }
};

// silu(g) u with s = sigmoid(g): dg = s (1 + g (1 - s)) u, du = g s.
class SwiGlu : public torch::autograd::Function<SwiGlu> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up)
    {
        const at::Tensor g = gate.contiguous(), u = up.contiguous();
        context->save_for_backward({g, u});
        return at::silu(g).mul_(u);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &g = saved[0], &u = saved[1];
        const at::Tensor d = gradients[0].contiguous();
        const at::Tensor s = at::sigmoid(g);
        at::Tensor dg = at::empty_like(g), du = at::empty_like(u);
        AT_DISPATCH_FLOATING_TYPES(g.scalar_type(), "swiGluBackward", [&] {
            const scalar_t *gs = g.data_ptr<scalar_t>(), *us = u.data_ptr<scalar_t>(), *ds = d.data_ptr<scalar_t>(),
                           *sigmoids = s.data_ptr<scalar_t>();
            scalar_t *dgs = dg.data_ptr<scalar_t>(), *dus = du.data_ptr<scalar_t>();
            at::parallel_for(0, g.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
                _Pragma("omp simd") for (std::int64_t i = begin; i < end; ++i)
                {
                    const scalar_t sigmoid = sigmoids[i], silu = gs[i] * sigmoid;
                    dgs[i] = ds[i] * us[i] * (sigmoid + silu * (1 - sigmoid));
                    dus[i] = ds[i] * silu;
                }
            });
        });
        return {dg, du};
    }
};

// With y = gelu(g) u: du = gelu(g) d, dg = gelu'(g) u d. float32 alone.
class GeluGlu : public torch::autograd::Function<GeluGlu> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up)
    {
        const at::Tensor g = gate.contiguous(), u = up.contiguous();
        context->save_for_backward({g, u});
        at::Tensor y = at::empty_like(g);
        at::parallel_for(0, g.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
            bestKernels().geluGlu(g.data_ptr<float>() + begin, u.data_ptr<float>() + begin, end - begin, y.data_ptr<float>() + begin);
        });
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &g = saved[0], &u = saved[1], d = gradients[0].contiguous();
        at::Tensor dg = at::empty_like(g), du = at::empty_like(u);
        at::parallel_for(0, g.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
            bestKernels().geluGluGradient(g.data_ptr<float>() + begin, u.data_ptr<float>() + begin, d.data_ptr<float>() + begin,
                end - begin, dg.data_ptr<float>() + begin, du.data_ptr<float>() + begin);
        });
        return {dg, du};
    }
};

} // namespace

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps)
{
    return fusable(x) && weight.is_contiguous() ? RmsNorm::apply(x, weight, eps) : plain::rmsNorm(x, weight, eps);
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin)
{
    return fusable(x) && cos.is_contiguous() && sin.is_contiguous() ? Rotate::apply(x, cos, sin) : plain::rotate(x, cos, sin);
}

at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up)
{
    return fusable(gate) ? SwiGlu::apply(gate, up) : plain::swiGlu(gate, up);
}

at::Tensor geluGlu(const at::Tensor& gate, const at::Tensor& up)
{
    return fusable(gate) && gate.scalar_type() == at::kFloat ? GeluGlu::apply(gate, up) : plain::geluGlu(gate, up);
}

at::Tensor causalAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options)
{
    if (!canFuseAttention(q))
        return plain::causalAttention(q, k, v, options);
    const std::vector<std::int64_t> lengths(static_cast<std::size_t>(q.size(0)), q.size(1));
    const at::Tensor none = k.new_empty({0, k.size(2), k.size(3)});
    return fusedAttention(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), lengths, none, none, options).view(q.sizes());
}

at::Tensor suffixAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::vector<std::int64_t>& lengths,
    const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options)
{
    return canFuseAttention(q) ? fusedAttention(q, k, v, lengths, promptK, promptV, options)
                               : plain::suffixAttention(q, k, v, lengths, promptK, promptV, options);
}

at::Tensor paddedSequences(const at::Tensor& rows, const std::vector<std::int64_t>& lengths, std::int64_t S)
{
    const auto G = static_cast<std::int64_t>(lengths.size());
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape.insert(shape.begin(), G);
    shape[1] = S;
    if (rows.size(0) == G * S)
        return rows.view(shape);
    std::vector<at::Tensor> parts;
    for (const at::Tensor& part : rows.split_with_sizes(lengths)) {
        parts.push_back(part);
        std::vector<std::int64_t> rest = rows.sizes().vec();
        rest[0] = S - part.size(0);
        parts.push_back(rows.new_zeros(rest));
    }
    return at::cat(parts).view(shape);
}

} // namespace precedent::core
