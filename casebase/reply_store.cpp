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

} // namespace

Status ReplyStore::add(const RemoteReply& reply)
{
    return m_connection.write("keep a judge's reply", [&]() -> Status {
        for (const std::string* text : {&reply.url, &reply.model, &reply.request, &reply.reply})
            requireStorable(*text, "text", "the reply");
        m_connection.query("INSERT OR IGNORE INTO remote_replies(digest, url, model, request, reply, created_ms) VALUES(?, ?, ?, ?, ?, ?)")
            .bind(digestOf(reply.url, reply.model, reply.request), reply.url, reply.model, reply.request, reply.reply, m_connection.now())
            .run();
        return {};
    });
}

Result<std::optional<std::string>> ReplyStore::find(const std::string& url, const std::string& model, const std::string& request) const
{
    return m_connection.guarded("look for a judge's reply", [&]() -> Result<std::optional<std::string>> {
        const std::string digest = digestOf(url, model, request);
        Query query = m_connection.query("SELECT reply FROM remote_replies WHERE digest = ?");
        query.bind(digest);
        return query.next() ? std::optional<std::string>(query.text(0)) : std::nullopt;
    });
}

Result<std::int64_t> ReplyStore::count() const
{
    return m_connection.guarded(
        "count the judges' replies", [&]() -> Result<std::int64_t> { return m_connection.integer("SELECT count(*) FROM remote_replies"); });
}

} // namespace precedent::casebase
