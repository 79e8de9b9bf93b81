#include "precedent/casebase/reply_store.h"

#include "casebase/connection.h"
#include "casebase/text_rules.h"
#include "precedent/base/digest.h"

namespace precedent::casebase {
namespace {

std::string digestOf(const std::string& url, const std::string& model, const std::string& request)
{
    return Sha256().addField(url).addField(model).addField(request).hex();
}

std::optional<KeptReply> keptIn(Connection& connection, const std::string& digest)
{
    Query query = connection.query("SELECT reply, cut_off FROM remote_replies WHERE digest = ?");
    query.bind(digest);
    return query.next() ? std::optional(KeptReply{query.text(0), query.flag(1)}) : std::nullopt;
}

} // namespace

Result<KeptReply> ReplyStore::add(const RemoteReply& reply)
{
    std::optional<KeptReply> kept;
    PRECEDENT_TRY(m_connection.write("keep a server's reply", [&]() -> Status {
        for (const std::string* text : {&reply.url, &reply.model, &reply.request, &reply.reply})
            requireStorable(*text, "text", "the reply");
        const std::string digest = digestOf(reply.url, reply.model, reply.request);
        m_connection
            .query(
                "INSERT OR IGNORE INTO remote_replies(digest, url, model, request, reply, cut_off, created_ms) VALUES(?, ?, ?, ?, ?, ?, ?)")
            .bind(digest, reply.url, reply.model, reply.request, reply.reply, reply.cutOff, m_connection.now())
            .run();
        kept = keptIn(m_connection, digest);
        return {};
    }));
    return std::move(*kept);
}

Result<std::optional<KeptReply>> ReplyStore::find(const std::string& url, const std::string& model, const std::string& request) const
{
    return m_connection.guarded("look for a server's reply",
        [&]() -> Result<std::optional<KeptReply>> { return keptIn(m_connection, digestOf(url, model, request)); });
}

Result<std::int64_t> ReplyStore::count() const
{
    return m_connection.guarded("count the servers' replies",
        [&]() -> Result<std::int64_t> { return m_connection.integer("SELECT count(*) FROM remote_replies"); });
}

} // namespace precedent::casebase
