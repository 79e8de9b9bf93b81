#pragma once

#include <QPointer>
#include <QStringList>
#include <QWidget>

#include "precedent/casebase/case_store.h"

class QHBoxLayout;
class QMenu;

namespace precedent::ui {

class CasebaseBridge;

/// What the table is narrowed to, as chips: "code S3 x", "status approved x", and "+ facet" for another. A chip opens the menu of its
/// kind; several values of a kind mean any of them.
class FacetBar final : public QWidget {
    Q_OBJECT
public:
    explicit FacetBar(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void setCode(const QString& id); ///< chosen in the tree; empty: none. changed() stays silent
    /// Adds the facets' conditions to a filter.
    void narrow(casebase::CaseFilter& filter) const;
    void clear();

Q_SIGNALS:
    void changed();
    void codeCleared();

private:
    void rebuild();
    void addChip(const char* name, const QString& kind, const QString& value, const std::function<void()>& remove,
        const std::function<void(QMenu&)>& fill);
    void fillDispositions(QMenu& menu);
    void fillStatuses(QMenu& menu);
    void fillSources(QMenu& menu);
    void offer();
    void pop(const std::function<void(QMenu&)>& fill, const QWidget& under);
    void took();

    QPointer<CasebaseBridge> m_casebase;
    QHBoxLayout* m_layout;
    QString m_code;
    std::vector<Disposition> m_dispositions;
    std::vector<casebase::CaseStatus> m_statuses;
    std::string m_source;
    std::vector<std::string> m_sources; ///< those there are
};

} // namespace precedent::ui
