#include "precedent/base/digest.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <vector>

#include <openssl/evp.h>

namespace precedent {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256()
    : m_state(std::make_unique<State>())
{
    EVP_DigestInit_ex(m_state->context, EVP_sha256(), nullptr);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::add(std::string_view bytes)
{
    EVP_DigestUpdate(m_state->context, bytes.data(), bytes.size());
    return *this;
}

Sha256& Sha256::addField(std::string_view bytes) { return add(std::to_string(bytes.size()) + ":").add(bytes); }

std::string Sha256::hex()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(m_state->context, raw.data(), &size);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(size * 2);
    for (unsigned int i = 0; i < size; ++i) {
        text += kDigits[raw[i] >> 4];
        text += kDigits[raw[i] & 15];
    }
    return text;
}

std::string sha256Hex(std::string_view bytes) { return Sha256().add(bytes).hex(); }

Result<std::string> sha256File(const std::filesystem::path& path, const std::function<bool(std::int64_t read)>& goOn)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return errnoError(errno, "open", path.string());
    Sha256 digest;
    std::vector<char> buffer(1 << 20);
    std::int64_t read = 0;
    while (in) {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        digest.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
        read += in.gcount();
        if (goOn && !goOn(read))
            return Error(ErrorCode::cancelled, "Reading " + path.string() + " was cancelled.");
    }
    if (in.bad())
        return errnoError(EIO, "read", path.string());
    return digest.hex();
}

} // namespace precedent
