// Five libraries for Node.js do what programs do with them, and print what comes back.
const pg = require('pg');
const { Sequelize, DataTypes, Op } = require('sequelize');
const knexf = require('knex');
const postgres = require('postgres');
const { Kysely, PostgresDialect, sql } = require('kysely');

const port=+process.argv[2], db=process.argv[3];
const base={host:'127.0.0.1',port,user:'postgres',database:db};
const out=(...a)=>console.log(...a.map(x=>typeof x==='string'?x:JSON.stringify(x)));
async function step(name,f){ try{ out(name, await f() ?? 'ok') }catch(e){ out(name,'ERROR',e.message, e.code||e.original?.code||'') } }
(async () => {
{
 const s=new Sequelize(db,'postgres','',{host:'127.0.0.1',port,dialect:'postgres',logging:false});
 const U=s.define('User',{name:{type:DataTypes.STRING,unique:true},age:DataTypes.INTEGER,tags:DataTypes.ARRAY(DataTypes.TEXT),meta:DataTypes.JSONB,kind:DataTypes.ENUM('a','b'),uid:{type:DataTypes.UUID,defaultValue:DataTypes.UUIDV4},amt:DataTypes.DECIMAL(10,2),r:DataTypes.RANGE(DataTypes.INTEGER),d:DataTypes.DATEONLY,b:DataTypes.BLOB},{timestamps:false,indexes:[{fields:['age']},{fields:['meta'],using:'btree',name:'m1'}]});
 const P=s.define('Post',{title:DataTypes.STRING(40)},{timestamps:false,paranoid:false}); U.hasMany(P,{onDelete:'CASCADE'}); P.belongsTo(U);
 const T=s.define('Tag',{n:DataTypes.STRING},{timestamps:false}); P.belongsToMany(T,{through:'PostTag',timestamps:false}); T.belongsToMany(P,{through:'PostTag',timestamps:false});
 await step('sq sync',async()=>{await s.sync({force:true})});
 await step('sq create',async()=>{const u=await U.create({name:'ann',age:3,tags:['x','y'],meta:{a:[1,2]},kind:'a',amt:'12.345',r:[1,5],d:'2024-02-03',b:Buffer.from('hi')}); const p=await u.createPost({title:'t1'}); await p.createTag({n:'go'}); const j=u.toJSON(); delete j.uid; return j});
 await step('sq bulk',async()=>{const r=await U.bulkCreate([{name:'bob',age:5},{name:'cat',age:6}],{returning:true}); return r.map(x=>x.id)});
 await step('sq upsert',async()=>{const [r,c]=await U.upsert({id:2,name:'bob',age:50}); return [r.age,c]});
 await step('sq find',async()=>JSON.parse(JSON.stringify(await U.findAll({where:{[Op.or]:[{age:{[Op.gt]:4}},{meta:{a:{[Op.contains]:[1]}}},{tags:{[Op.overlap]:['x']}}]},include:[{model:P,include:[T]}],order:[['id','DESC']],limit:5,attributes:{exclude:['uid']}}))));
 await step('sq agg',async()=>await U.findAll({attributes:['kind',[s.fn('count',s.col('id')),'n'],[s.fn('avg',s.col('age')),'av']],group:['kind'],order:['kind'],raw:true}));
 await step('sq dup',async()=>{await U.create({name:'ann'})});
 await step('sq json path',async()=>await U.count({where:{'meta.a[0]':1}}));
 await step('sq tx',async()=>{await s.transaction({isolationLevel:'SERIALIZABLE'},async t=>{await U.increment('age',{by:2,where:{id:1},transaction:t})}); return (await U.findByPk(1)).age});
 await step('sq describe',async()=>{const q=s.getQueryInterface(); return [await q.describeTable('Users'),await q.showIndex('Users'),await q.getForeignKeyReferencesForTable('Posts'), (await q.showAllTables()).map(x=>x.tableName??x).sort()]});
 await step('sq alter',async()=>{const q=s.getQueryInterface(); await q.addColumn('Users','z',{type:DataTypes.STRING,defaultValue:'q',allowNull:false}); await q.changeColumn('Users','z',{type:DataTypes.TEXT}); await q.renameColumn('Users','z','zz'); await q.addConstraint('Users',{fields:['age'],type:'check',where:{age:{[Op.gte]:0}},name:'agec'}); await q.removeColumn('Users','zz'); });
 await step('sq sync alter',async()=>{await s.sync({alter:true})});
 await step('sq drop',async()=>{await s.drop()}); await s.close();
}
{
 const k=knexf({client:'pg',connection:base});
 await step('knex',async()=>{await k.schema.dropTableIfExists('ka'); await k.schema.createTable('ka',t=>{t.increments('id');t.string('n',20).notNullable().index();t.timestamp('ts').defaultTo(k.fn.now());t.jsonb('j');t.uuid('u');t.enu('e',['x','y'],{useNative:true,enumName:'ke'});t.decimal('d',8,3);t.specificType('arr','int[]');t.unique(['n','d']);t.comment('hello')}); const r=await k('ka').insert([{n:'a',j:{q:1},d:1.5,arr:[1,2]},{n:'b',d:2}]).returning(['id','n','j','d','arr']); const q=await k('ka').insert({n:'a',d:1.5}).onConflict(['n','d']).merge({n:'zz'}).returning('*').then(x=>x.map(y=>{delete y.ts; return y})); return [r,q,await k('ka').whereJsonPath('j','$.q','=',1).select('id'),await k('ka').columnInfo(),await k.schema.hasTable('ka'),await k('ka').count(),await k.with('w',k('ka').where('id','>',0)).select('id').from('w').orderBy('id').limit(1).offset(1)]});
 await step('knex mig',async()=>{await k.migrate.latest({migrationSource:{getMigrations:async()=>['m1','m2'],getMigrationName:m=>m,getMigration:async m=>({up:async x=>{await x.schema.createTable('t_'+m,t=>{t.bigIncrements()})},down:async x=>{await x.schema.dropTable('t_'+m)}})}}); return (await k.migrate.rollback({migrationSource:{getMigrations:async()=>['m1','m2'],getMigrationName:m=>m,getMigration:async m=>({up:async x=>{},down:async x=>{await x.schema.dropTable('t_'+m)}})}}))[1]});
 await step('knex stream',async()=>{let n=0; for await (const r of k.raw('select generate_series(1,5000) g').stream()) n++; return n});
 await k.schema.dropTable('ka'); await k.raw('drop type ke'); await k.schema.dropTableIfExists('knex_migrations'); await k.schema.dropTableIfExists('knex_migrations_lock'); await k.destroy();
}
{
 const q=postgres({...base,username:'postgres',onnotice:()=>{}});
 await step('postgresjs',async()=>{await q`create table if not exists pj(id int primary key, a text[], j jsonb, d date, n numeric, b bytea, ts timestamptz)`; await q`insert into pj ${q([{id:1,a:['x','y"z'],j:{k:[1]},d:'2024-01-01',n:'1.50',b:Buffer.from([0,255]),ts:new Date(0)},{id:2,a:null,j:null,d:null,n:null,b:null,ts:null}])}`; const r=await q`select * from pj where id = any(${[1,2]}) order by id`; const c=[]; await q`select generate_series(1,10) x`.cursor(3,rows=>{c.push(rows.length)}); const t=await q.begin(async s=>{await s`update pj set n=n+1`; return s.savepoint(async p=>{await p`delete from pj where id=2`; throw new Error('undo')}).catch(e=>e.message)}); const co=await q`copy pj (id,n) to stdout`.readable(); let txt=''; for await(const ch of co) txt+=ch; const w=await q`copy pj (id) from stdin`.writable(); await new Promise((res,rej)=>{w.on('finish',res);w.on('error',rej);w.write('7\n');w.end('8\n')}); return [r,c,t,txt,(await q`select count(*)::int n from pj`)[0].n, await q`select * from pj`.describe().then(d=>d.columns.map(x=>[x.name,x.type]))]});
 await step('postgresjs listen',async()=>{let got; await q.listen('chan',x=>{got=x}); await q.notify('chan','hey'); await new Promise(r=>setTimeout(r,200)); return got});
 await step('postgresjs err',async()=>{await q`select ${1}::int / 0`});
 await q`drop table pj`; await q.end();
}
{
 const k=new Kysely({dialect:new PostgresDialect({pool:new pg.Pool(base)})});
 await step('kysely',async()=>{await k.schema.createTable('ky').addColumn('id','serial',c=>c.primaryKey()).addColumn('v','varchar(9)',c=>c.notNull().unique()).addColumn('t','timestamptz',c=>c.defaultTo(sql`now()`)).execute(); await k.insertInto('ky').values([{v:'a'},{v:'b'}]).onConflict(o=>o.column('v').doUpdateSet({v:'c'})).execute(); const t=await k.introspection.getTables(); return [t.filter(x=>x.name==='ky'), (await k.introspection.getSchemas()).map(x=>x.name).filter(x=>!['kv','rowkey','pg_toast'].includes(x)).sort(), await k.selectFrom('ky as a').innerJoin('ky as b','a.id','b.id').select(['a.id',k.fn.countAll().over(ob=>ob.partitionBy('a.v')).as('c')]).orderBy('a.id').execute(), await k.mergeInto('ky').using('ky as s','s.id','ky.id').whenMatched().thenUpdateSet({v:'m'}).execute().catch(e=>e.message)]});
 await k.schema.dropTable('ky').execute(); await k.destroy();
}
console.log('done');
})();
