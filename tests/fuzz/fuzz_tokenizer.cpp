// Any bytes are a tokenizer.json or are refused, within 64 MB and sixteen times their size of memory; what is read encodes
// and decodes, all at once as token by token. Seeds are in
// corpus/tokenizer, words in tokenizer.dict: fuzz_tokenizer -dict=tokenizer.dict NEW_FOLDER corpus/tokenizer

#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "precedent/text/tokenizer.h"

namespace {

std::size_t allocated = 0;
std::size_t peak = 0;

const char* const kTexts[] = {"", "a the  12\n\n\tcafe\xCC\x81 caf\xC3\xA9's \xE2\x96\x81x <|end|><s>",
    "\xFF\xC3 \xF0\x9F\x98\x80\xEF\xBD\xB6\xEF\xBE\x9E\xEF\xAC\x81 aaaaaaaa"};

void check(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

void useTokenizer(const std::shared_ptr<const precedent::text::Tokenizer>& tokenizer)
{
    for (const char* text : kTexts) {
        const std::vector<int> ids = tokenizer->encode(text);
        precedent::text::StreamDecoder decoder(tokenizer);
        std::string streamed;
        for (const int id : ids) {
            check(id >= 0 && id < (1 << 24), "an id is out of range");
            streamed += decoder.push(id);
        }
        streamed += decoder.finish();
        check(streamed == tokenizer->decode(ids), "the streamed text differs");
    }
}

} // namespace

extern "C" void __sanitizer_malloc_hook(const volatile void* /*memory*/, std::size_t size)
{
    allocated += size;
    peak = allocated > peak ? allocated : peak;
}

extern "C" void __sanitizer_free_hook(const volatile void* memory)
{
    const std::size_t size = memory == nullptr ? 0 : __sanitizer_get_allocated_size(memory);
    allocated -= size < allocated ? size : allocated;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::size_t before = allocated;
    peak = allocated;
    {
        const auto tokenizer = precedent::text::Tokenizer::parse({reinterpret_cast<const char*>(data), size}, "input");
        if (tokenizer)
            useTokenizer(*tokenizer);
        else
            check(!tokenizer.error().message().empty(), "an error says nothing");
    }
    if (peak - before > (std::size_t{64} << 20) + 16 * size) {
        std::fprintf(stderr, "%zu bytes took %zu bytes of memory\n", size, peak - before);
        std::abort();
    }
    return 0;
}
