#include "casebase/audit.h"

#include <array>
#include <memory>

#include <openssl/evp.h>

namespace precedent::casebase {
namespace {

struct FreeDigest {
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

} // namespace

// Several digests a row, and millions of rows: looking the algorithm up and making a context each time, as sha256Hex()
// does, would take longer than the digest itself.
std::string rawDigest(std::string_view bytes)
{
    static const std::unique_ptr<EVP_MD, FreeDigest> sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned int size = 0;
    const bool ok = EVP_DigestInit_ex(context.get(), sha256.get(), nullptr) == 1 &&
        EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 && EVP_DigestFinal_ex(context.get(), raw.data(), &size) == 1;
    if (!ok)
        fail(ErrorCode::internal, "SHA-256 could not be computed: the system's OpenSSL refuses it.");
    return {reinterpret_cast<const char*>(raw.data()), size};
}

} // namespace precedent::casebase
