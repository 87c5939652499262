package ast

// Membership in Stmt, and the children Walk descends to.

func (*UnsupportedStmt) stmtNode()             {}
func (*CreateTableStmt) stmtNode()             {}
func (*CreateTableAsStmt) stmtNode()           {}
func (*RefreshMaterializedViewStmt) stmtNode() {}
func (*CreateViewStmt) stmtNode()              {}
func (*CreateIndexStmt) stmtNode()             {}
func (*AlterTableStmt) stmtNode()              {}
func (*AlterTablespaceAllStmt) stmtNode()      {}
func (*CreateSequenceStmt) stmtNode()          {}
func (*AlterSequenceStmt) stmtNode()           {}
func (*CreateStatisticsStmt) stmtNode()        {}
func (*AlterStatisticsStmt) stmtNode()         {}
func (*TruncateStmt) stmtNode()                {}
func (*CreateSchemaStmt) stmtNode()            {}
func (*CreateEnumStmt) stmtNode()              {}
func (*CreateCompositeTypeStmt) stmtNode()     {}
func (*CreateRangeTypeStmt) stmtNode()         {}
func (*DefineStmt) stmtNode()                  {}
func (*AlterEnumStmt) stmtNode()               {}
func (*CreateDomainStmt) stmtNode()            {}
func (*AlterDomainStmt) stmtNode()             {}
func (*CreateFunctionStmt) stmtNode()          {}
func (*ReturnStmt) stmtNode()                  {}
func (*AlterFunctionStmt) stmtNode()           {}
func (*CreateTriggerStmt) stmtNode()           {}
func (*CreateRuleStmt) stmtNode()              {}
func (*CreateExtensionStmt) stmtNode()         {}
func (*CreateRoleStmt) stmtNode()              {}
func (*AlterRoleStmt) stmtNode()               {}
func (*AlterRoleSetStmt) stmtNode()            {}
func (*DropRoleStmt) stmtNode()                {}
func (*CreateDatabaseStmt) stmtNode()          {}
func (*AlterDatabaseStmt) stmtNode()           {}
func (*AlterDatabaseSetStmt) stmtNode()        {}
func (*DropDatabaseStmt) stmtNode()            {}
func (*CreatePolicyStmt) stmtNode()            {}
func (*CreateCastStmt) stmtNode()              {}
func (*PublicationStmt) stmtNode()             {}
func (*SubscriptionStmt) stmtNode()            {}
func (*DropStmt) stmtNode()                    {}
func (*RenameStmt) stmtNode()                  {}
func (*AlterSchemaStmt) stmtNode()             {}
func (*AlterOwnerStmt) stmtNode()              {}
func (*AlterDependsStmt) stmtNode()            {}
func (*AlterOptionsStmt) stmtNode()            {}
func (*CommentStmt) stmtNode()                 {}
func (*SecurityLabelStmt) stmtNode()           {}
func (*GrantStmt) stmtNode()                   {}
func (*GrantRoleStmt) stmtNode()               {}
func (*AlterDefaultPrivilegesStmt) stmtNode()  {}
func (*DropOwnedStmt) stmtNode()               {}
func (*ReassignOwnedStmt) stmtNode()           {}
func (*AlterSystemStmt) stmtNode()             {}
func (*CopyStmt) stmtNode()                    {}
func (*SetStmt) stmtNode()                     {}
func (*ShowStmt) stmtNode()                    {}
func (*TransactionStmt) stmtNode()             {}
func (*ExplainStmt) stmtNode()                 {}
func (*PrepareStmt) stmtNode()                 {}
func (*ExecuteStmt) stmtNode()                 {}
func (*DeallocateStmt) stmtNode()              {}
func (*DeclareCursorStmt) stmtNode()           {}
func (*FetchStmt) stmtNode()                   {}
func (*CloseStmt) stmtNode()                   {}
func (*VacuumStmt) stmtNode()                  {}
func (*ClusterStmt) stmtNode()                 {}
func (*ReindexStmt) stmtNode()                 {}
func (*LockStmt) stmtNode()                    {}
func (*ListenStmt) stmtNode()                  {}
func (*UnlistenStmt) stmtNode()                {}
func (*NotifyStmt) stmtNode()                  {}
func (*DoStmt) stmtNode()                      {}
func (*CallStmt) stmtNode()                    {}
func (*DiscardStmt) stmtNode()                 {}
func (*LoadStmt) stmtNode()                    {}
func (*SetConstraintsStmt) stmtNode()          {}
func (*CheckpointStmt) stmtNode()              {}

func (x *Object) walkChildren(f func(Node)) {
	one(f, x.Type)
	one(f, x.Target)
	all(f, x.Params)
	one(f, x.Left)
	one(f, x.Right)
}
func (x *Option) walkChildren(f func(Node)) {
	one(f, x.Type)
}
func (x *SequenceOption) walkChildren(f func(Node)) {
	one(f, x.Type)
}
func (x *CreateTableStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
	all(f, x.Elements)
	all(f, x.Inherits)
	one(f, x.PartitionOf)
	one(f, x.Bound)
	one(f, x.PartitionBy)
	all(f, x.Options)
	all(f, x.ForeignOptions)
}
func (x *ColumnDef) walkChildren(f func(Node)) {
	one(f, x.Type)
	all(f, x.ForeignOptions)
	one(f, x.Collation)
	all(f, x.Constraints)
}
func (x *LikeClause) walkChildren(f func(Node)) {
	one(f, x.Table)
}
func (x *Constraint) walkChildren(f func(Node)) {
	opt(f, x.Expr)
	all(f, x.SequenceOptions)
	all(f, x.Options)
	all(f, x.Exclusions)
	opt(f, x.Where)
	one(f, x.References)
}
func (x *ExclusionElem) walkChildren(f func(Node)) {
	one(f, x.Element)
}
func (x *PartitionSpec) walkChildren(f func(Node)) {
	all(f, x.Elements)
}
func (x *PartitionElem) walkChildren(f func(Node)) {
	opt(f, x.Expr)
}
func (x *PartitionBound) walkChildren(f func(Node)) {
	all(f, x.In)
	all(f, x.From)
	all(f, x.To)
}
func (x *CreateTableAsStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
	all(f, x.Options)
	one(f, x.Query)
	one(f, x.Execute)
}
func (x *RefreshMaterializedViewStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
}
func (x *CreateViewStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
	all(f, x.Options)
	one(f, x.Query)
}
func (x *CreateIndexStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	all(f, x.Elements)
	all(f, x.Including)
	all(f, x.Options)
	opt(f, x.Where)
}
func (x *AlterTableStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	all(f, x.Commands)
}
func (x *AlterTableCommand) walkChildren(f func(Node)) {
	one(f, x.Column)
	one(f, x.Type)
	one(f, x.Collation)
	opt(f, x.Expr)
	one(f, x.Constraint)
	all(f, x.Options)
	all(f, x.SequenceOptions)
	one(f, x.Owner)
	one(f, x.Relation)
	one(f, x.Bound)
}
func (x *AlterTablespaceAllStmt) walkChildren(f func(Node)) {
	all(f, x.Owners)
}
func (x *CreateSequenceStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
	all(f, x.Options)
}
func (x *AlterSequenceStmt) walkChildren(f func(Node)) {
	one(f, x.Name)
	all(f, x.Options)
}
func (x *CreateStatisticsStmt) walkChildren(f func(Node)) {
	all(f, x.Elements)
	all(f, x.From)
}
func (x *TruncateStmt) walkChildren(f func(Node)) {
	all(f, x.Tables)
}
func (x *CreateSchemaStmt) walkChildren(f func(Node)) {
	one(f, x.Owner)
	all(f, x.Elements)
}
func (x *CreateCompositeTypeStmt) walkChildren(f func(Node)) {
	all(f, x.Columns)
}
func (x *CreateRangeTypeStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *DefineStmt) walkChildren(f func(Node)) {
	one(f, x.Args)
	all(f, x.Options)
}
func (x *CreateDomainStmt) walkChildren(f func(Node)) {
	one(f, x.Type)
	one(f, x.Collation)
	all(f, x.Constraints)
}
func (x *AlterDomainStmt) walkChildren(f func(Node)) {
	opt(f, x.Expr)
	one(f, x.Constraint)
}
func (x *FuncParam) walkChildren(f func(Node)) {
	one(f, x.Type)
	opt(f, x.Default)
}
func (x *FuncOption) walkChildren(f func(Node)) {
	all(f, x.Types)
	one(f, x.Set)
}
func (x *CreateFunctionStmt) walkChildren(f func(Node)) {
	all(f, x.Params)
	one(f, x.Returns)
	all(f, x.Options)
	all(f, x.Body)
	one(f, x.Return)
}
func (x *ReturnStmt) walkChildren(f func(Node)) {
	opt(f, x.Expr)
}
func (x *AlterFunctionStmt) walkChildren(f func(Node)) {
	one(f, x.Func)
	all(f, x.Options)
}
func (x *CreateTriggerStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	opt(f, x.When)
	one(f, x.ConstraintFrom)
}
func (x *CreateRuleStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	opt(f, x.Where)
	all(f, x.Actions)
}
func (x *CreateExtensionStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *CreateRoleStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *RoleOption) walkChildren(f func(Node)) {
	all(f, x.Roles)
}
func (x *AlterRoleStmt) walkChildren(f func(Node)) {
	one(f, x.Role)
	all(f, x.Options)
}
func (x *AlterRoleSetStmt) walkChildren(f func(Node)) {
	one(f, x.Role)
	one(f, x.Set)
}
func (x *DropRoleStmt) walkChildren(f func(Node)) {
	all(f, x.Roles)
}
func (x *CreateDatabaseStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *AlterDatabaseStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *AlterDatabaseSetStmt) walkChildren(f func(Node)) {
	one(f, x.Set)
}
func (x *CreatePolicyStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	all(f, x.Roles)
	opt(f, x.Using)
	opt(f, x.Check)
}
func (x *CreateCastStmt) walkChildren(f func(Node)) {
	one(f, x.Source)
	one(f, x.Target)
	one(f, x.Func)
}
func (x *PublicationObject) walkChildren(f func(Node)) {
	one(f, x.Table)
	opt(f, x.Where)
}
func (x *PublicationStmt) walkChildren(f func(Node)) {
	all(f, x.Objects)
	all(f, x.Options)
}
func (x *SubscriptionStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *DropStmt) walkChildren(f func(Node)) {
	all(f, x.Objects)
}
func (x *RenameStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	one(f, x.Object)
}
func (x *AlterSchemaStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	one(f, x.Object)
}
func (x *AlterOwnerStmt) walkChildren(f func(Node)) {
	one(f, x.Object)
	one(f, x.Owner)
}
func (x *AlterDependsStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	one(f, x.Object)
}
func (x *AlterOptionsStmt) walkChildren(f func(Node)) {
	one(f, x.Object)
	all(f, x.Options)
}
func (x *CommentStmt) walkChildren(f func(Node)) {
	one(f, x.Object)
}
func (x *SecurityLabelStmt) walkChildren(f func(Node)) {
	one(f, x.Object)
}
func (x *GrantStmt) walkChildren(f func(Node)) {
	all(f, x.Privileges)
	all(f, x.Objects)
	all(f, x.Grantees)
	one(f, x.GrantedBy)
}
func (x *GrantRoleStmt) walkChildren(f func(Node)) {
	all(f, x.Roles)
	all(f, x.Grantees)
	one(f, x.GrantedBy)
}
func (x *AlterDefaultPrivilegesStmt) walkChildren(f func(Node)) {
	all(f, x.Roles)
	one(f, x.Action)
}
func (x *DropOwnedStmt) walkChildren(f func(Node)) {
	all(f, x.Roles)
}
func (x *ReassignOwnedStmt) walkChildren(f func(Node)) {
	all(f, x.Roles)
	one(f, x.NewOwner)
}
func (x *AlterSystemStmt) walkChildren(f func(Node)) {
	one(f, x.Set)
}
func (x *CopyStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	opt(f, x.Query)
	all(f, x.Options)
	opt(f, x.Where)
}
func (x *SetValueItem) walkChildren(f func(Node)) {
	one(f, x.Interval)
}
func (x *SetStmt) walkChildren(f func(Node)) {
	all(f, x.Values)
}
func (x *ExplainStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
	opt(f, x.Stmt)
}
func (x *PrepareStmt) walkChildren(f func(Node)) {
	all(f, x.Types)
	opt(f, x.Stmt)
}
func (x *ExecuteStmt) walkChildren(f func(Node)) {
	all(f, x.Args)
}
func (x *DeclareCursorStmt) walkChildren(f func(Node)) {
	one(f, x.Query)
}
func (x *VacuumRelation) walkChildren(f func(Node)) {
	one(f, x.Table)
}
func (x *VacuumStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
	all(f, x.Relations)
}
func (x *ClusterStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	all(f, x.Options)
}
func (x *ReindexStmt) walkChildren(f func(Node)) {
	one(f, x.Table)
	all(f, x.Options)
}
func (x *LockStmt) walkChildren(f func(Node)) {
	all(f, x.Tables)
}
func (x *DoStmt) walkChildren(f func(Node)) {
	all(f, x.Options)
}
func (x *CallStmt) walkChildren(f func(Node)) {
	one(f, x.Func)
}
func (x *SetConstraintsStmt) walkChildren(f func(Node)) {
	all(f, x.Names)
}
